"""Guesses at how a text goes on."""

from hypothesis import given
from hypothesis import strategies as st

from izcore_transformers.decoding.drafting import MATCHED_TOKENS, PASS_TOKENS, draft, room_for_drafts


def test_what_followed_the_last_time_is_guessed() -> None:
    assert draft([1, 2, 3, 4, 1, 2, 5, 6, 1, 2], 2) == [5, 6]
    assert draft([1, 2, 3, 4, 5], 3) == []


@given(st.lists(st.integers(), min_size=MATCHED_TOKENS, max_size=6, unique=True), st.integers(0, 20))
def test_a_text_that_goes_round_is_guessed_to_go_on(round_: list[int], most: int) -> None:
    assert draft(round_ * 2, most) == (round_ * (2 + most))[:most]


@given(st.lists(st.integers(0, 2), max_size=30), st.integers(0, 9))
def test_a_guess_is_as_long_as_asked_or_nothing(tokens: list[int], most: int) -> None:
    guessed = draft(tokens, most)
    assert len(guessed) in (0, most)
    assert set(guessed) <= set(tokens)


@given(st.integers(1, 200), st.sampled_from(sorted(PASS_TOKENS)))
def test_a_pass_with_guesses_stays_within_its_tokens(rows: int, device: str) -> None:
    assert rows * (1 + room_for_drafts(rows, device)) <= max(rows, PASS_TOKENS[device])
