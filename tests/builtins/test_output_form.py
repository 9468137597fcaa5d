"""Forms of answers: which are offered for which targets, and what the model is told."""

from typing import Any

import pytest

from izcore.builtins.options import OutputFormOptions
from izcore.builtins.output_form import OutputForm
from izcore.plugin import (
    BackendContext,
    ConfigError,
    CoordinateRequest,
    CoordinateValue,
    Example,
    profile_targets,
)

CONTEXT = BackendContext(seed=0, cache_dir="", data_dir="")


def values(*targets: str, **options: Any) -> dict[str, CoordinateValue]:
    examples = tuple(Example(input="Some input.", targets=(target,)) for target in targets)
    request = CoordinateRequest(profile=profile_targets(examples), demonstrations=examples[:2], seed=0)
    return {
        value.name: value
        for value in OutputForm(OutputFormOptions(**options), CONTEXT).values(request).values
    }


@pytest.mark.parametrize(
    ("targets", "name", "clause"),
    [
        (("yes", "no", "no") * 4, "one of the labels", "Answer with exactly one of these: no, yes."),
        (("3", "12", "7", "40"), "a number", "Answer with a number only."),
        (
            ('{"a": 1}', '{"a": 2}'),
            "JSON",
            "Answer with JSON only with the keys a, without any other text.",
        ),
        (("a, b", "c", "d, e"), "a list", "Answer only with a list on one line, its items between commas."),
        (("Paris", "New York", "Oslo"), "one or two words", "Answer with one or two words."),
        (("It is late again.", "We are not amused."), "one line", "Answer in one line, without explanation."),
    ],
)
def test_the_targets_decide_what_is_offered(targets: tuple[str, ...], name: str, clause: str) -> None:
    offered = values(*targets)
    assert list(offered) == ["no demand", "only the answer", name]
    assert offered[name].clause == clause
    assert offered["only the answer"].clause == "Write only the answer."
    assert offered["no demand"].clause == ""


def test_texts_in_another_language_may_be_asked_for_in_the_inputs() -> None:
    french = [("Où est la gare ?", "Elle est derrière l'église."), ("Qui vient ?", "Personne n'est là.")]
    profile = profile_targets([Example(input=input_, targets=(target,)) for input_, target in french])
    request = CoordinateRequest(profile=profile, demonstrations=(), seed=0)
    offered = [value.name for value in OutputForm(OutputFormOptions(), CONTEXT).values(request).values]
    assert offered == ["no demand", "only the answer", "one line", "the input's language"]


def test_the_user_may_name_the_forms_that_are_tried() -> None:
    assert list(values("3", "12", "7", "40", forms=("a number",))) == ["no demand", "a number"]
    assert "reason first" in values("3", "12", forms=("reason first",))
    with pytest.raises(
        ConfigError, match="'one of the labels' does not fit this task, whose targets are numbers"
    ):
        values("3", "12", "7", "40", forms=("one of the labels",))


def test_many_labels_are_not_listed() -> None:
    labels = [f"class {number}" for number in range(30)] * 3
    assert list(values(*labels)) == ["no demand", "only the answer"]


def test_long_texts_with_line_breaks_have_no_form() -> None:
    assert list(values("one\ntwo three four", "five\nsix seven eight")) == ["no demand", "only the answer"]


def test_reasoning_is_asked_for_with_its_mark_and_its_room() -> None:
    reasoned = values("3", "12", reason=True, room=700)["reason first"]
    assert reasoned.answer_mark == "Answer:"
    assert reasoned.answer_mark in reasoned.clause
    assert reasoned.room == 700


def test_a_users_own_clause_is_offered_once() -> None:
    offered = values("Paris", "Rome", clauses=("In French.", "In French."))
    assert offered["In French."].clause == "In French."
    assert len(offered) == 4
