"""The answers of the winner and of what it is compared with, ready to be paged through in the browser."""

import re
from collections.abc import Sequence
from typing import Any

from izcore import InstructionScores, Run
from izcore.plugin import Example, Record, Trial, closed_labels, plain
from izcore_web.views.leader import leader, users_prompt

OTHER = "other"
"""The class of answers that name no label, or several."""


class AnsweredExample(Record):
    """An example, and the place of its target among the labels; -1 where the targets are no labels."""

    input: str
    targets: tuple[str, ...]
    label: int = -1


class Answered(Record):
    """What one instruction got: per example a score, the answer, how it ended, and the label it comes to.

    ``labels`` are places among those of all answers; the place behind the last stands for answers that name
    no label, or several. ``thoughts`` is empty where no answer tells what was thought before it.
    """

    name: str
    scores: tuple[float | None, ...]
    answers: tuple[str | None, ...]
    finishes: tuple[str | None, ...]
    thoughts: tuple[str, ...]
    labels: tuple[int, ...]


class Answers(Record):
    """Answers to the same examples, the winner's first; ``labels`` are the classes, if there are any."""

    split: str
    examples: tuple[AnsweredExample, ...]
    instructions: tuple[Answered, ...]
    labels: tuple[str, ...]


def answers_of(run: Run) -> Answers | None:
    """Return the answers on the test split, else those of the trial that is ahead; None without any."""
    if run.splits is None:
        return None
    tested = [each for each in run.test_scores if each.name and any(a is not None for a in each.answers)]
    if tested:
        return _answers("test", run.splits.test, tested)
    ahead = leader(run)
    if ahead is None:
        return None
    asked = (*run.splits.validation, *run.splits.retest)[: len(ahead.scores)]
    wanted = users_prompt(run)
    users = [t for t in run.trials if t.candidate.sentence == wanted and t != ahead and t.reused is None]
    shown = [_of_trial(ahead, "ahead"), *(_of_trial(trial, "your prompt") for trial in users[:1])]
    return _answers("validation", asked, shown)


def _of_trial(trial: Trial, name: str) -> InstructionScores:
    return InstructionScores(
        name=f"{name} (trial {trial.index})",
        guidance=trial.candidate.guidance,
        scores=trial.scores,
        answers=trial.answers,
        finishes=trial.finishes,
        reasonings=trial.reasonings,
    )


def _answers(split: str, examples: Sequence[Example], shown: Sequence[InstructionScores]) -> Answers:
    labels = closed_labels([example.targets[0] for example in examples])
    known = {label.casefold(): place for place, label in enumerate(labels)}
    return Answers(
        split=split,
        examples=tuple(
            AnsweredExample(
                input=plain(example.full_input),
                targets=tuple(map(plain, example.targets)),
                label=known.get(example.targets[0].strip().casefold(), -1),
            )
            for example in examples
        ),
        instructions=tuple(_answered(each, labels, len(examples)) for each in shown),
        labels=tuple(map(plain, labels)),
    )


def _answered(given: InstructionScores, labels: Sequence[str], count: int) -> Answered:
    answers = _filled(given.answers, count)
    return Answered(
        name=plain(given.name),
        scores=_filled(given.scores, count),
        answers=tuple(None if answer is None else plain(answer) for answer in answers),
        finishes=_filled(given.finishes, count),
        thoughts=tuple(map(plain, given.reasonings)),
        labels=tuple(_label_of(answer or "", labels) for answer in answers) if labels else (),
    )


def _filled(values: "Sequence[float | str | None]", count: int) -> "tuple[Any, ...]":
    return (*values[:count], *[None] * (count - len(values)))


def _label_of(answer: str, labels: Sequence[str]) -> int:
    """Return the place of the label that an answer is, or of the only one that it names; else that behind."""
    bare = re.sub(r"^\W+|\W+$", "", answer).casefold()
    folded = [label.casefold() for label in labels]
    if bare in folded:
        return folded.index(bare)
    named = [
        place
        for place, label in enumerate(folded)
        if re.search(rf"(?<!\w){re.escape(label)}(?!\w)", answer.casefold())
    ]
    return named[0] if len(named) == 1 else len(labels)
