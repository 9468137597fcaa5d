"""Profiles of targets: labels, numbers, JSON, lists and texts, as people bring them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from izcore.plugin import Example, closed_labels, profile_targets


def examples(*targets: str, input: str = "Some input.") -> list[Example]:
    return [Example(input=input, targets=(target,)) for target in targets]


@pytest.mark.parametrize(
    ("targets", "form", "summary"),
    [
        (("yes", "no", "no") * 4, "labels", "one of 2 labels (no, yes)"),
        (("0", "1", "1") * 4, "labels", "one of 2 labels (1, 0)"),
        (
            ("billing", "refund", "tech") * 5,
            "labels",
            "one of 3 labels (billing, refund, tech)",
        ),
        (("3", "11", "3", "4", "17", "9"), "numbers", "numbers"),
        (("3", "7", "8") * 4, "numbers", "numbers"),
        (("1,250.50", "$ 3", "−4", "12%", "1 000"), "numbers", "numbers"),
        (('{"name": "a", "age": 3}', '{"name": "b", "age": 4}'), "json", "JSON with the keys name, age"),
        (("[1, 2]", "[]", "[3]"), "json", "JSON"),
        (("red, blue", "green", "red, dark green, black"), "list", "lists, their items between commas"),
        (("Paris", "Rome", "Oslo"), "text", "single words"),
        (("a long answer here", "one more", "it is so"), "text", "texts of 3 words, at most 4"),
        (("{broken", "{also", "[this"), "text", "single words"),
        (
            ("Well, I do think so, yes, really", "No, I would not say so, sorry"),
            "text",
            "texts of 7 words",
        ),
    ],
)
def test_the_form_is_the_narrowest_that_fits(targets: tuple[str, ...], form: str, summary: str) -> None:
    profile = profile_targets(examples(*targets))
    assert (profile.form, profile.summary) == (form, summary)


def test_one_odd_target_in_ten_changes_no_form() -> None:
    assert profile_targets(examples(*"123456789", "unknown")).form == "numbers"
    assert profile_targets(examples(*"12345678", "unknown", "none")).form == "text"


def test_targets_that_stand_in_the_input_are_told() -> None:
    found = profile_targets(examples("Keyboard", "mouse", input="My keyboard and my mouse are broken."))
    assert found.found_in_input == 1.0
    assert found.summary == "single words, which stand in the input"


def test_a_profile_of_nothing_is_that_of_any_text() -> None:
    assert profile_targets([]).form == "text"


@given(st.lists(st.text(max_size=30), max_size=30))
def test_any_targets_have_a_profile(targets: list[str]) -> None:
    profile = profile_targets(examples(*targets))
    assert profile.n == len(targets)
    assert set(profile.labels) <= {target.strip() for target in targets}
    assert (profile.form == "labels") == bool(closed_labels(targets))
    assert 0.0 <= profile.found_in_input <= 1.0
    assert profile.summary
