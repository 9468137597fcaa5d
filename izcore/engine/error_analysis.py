"""Which answers of a run's winner are wrong, and what is taken for what where targets are labels."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from izcore.builtins.metrics.normalisation import normalise, whole_phrase
from izcore.plugin.errors import UnknownNameError, UsageError
from izcore.plugin.examples import Splits
from izcore.plugin.record import Record
from izcore.plugin.results import ScoredSplit
from izcore.plugin.run_record import THIS_INSTRUCTION, InstructionScores, Run
from izcore.plugin.target_profile import closed_labels
from izcore.search.history import History

T = TypeVar("T")

OTHER = "(other)"
"""What stands for an answer that names none of the labels, or several."""


class WinnerAnswer(Record):
    """What the winner was answered on one example.

    ``example`` is its index within its split. ``score`` is in [0, 1], None where the example is set aside;
    ``answer`` is None where there is none or, on the test split, where an older version did not keep it.
    """

    split: ScoredSplit
    example: int
    input: str
    targets: tuple[str, ...]
    answer: str | None
    score: float | None

    @property
    def is_wrong(self) -> bool:
        """Whether the answer has less than the full score; an example that is set aside has no answer."""
        return self.score is not None and self.score < 1


class ClassScores(Record):
    """How the answers to the examples of one label did.

    ``examples`` have the label, and ``score`` is the mean score of their answers. ``answered`` counts the
    answers that name the label, whatever the example's; ``precision`` is the share of them that is right,
    None where there is none. ``confusion`` counts what the examples of the label were answered with.
    """

    label: str
    examples: int
    score: float
    answered: int
    precision: float | None
    confusion: Mapping[str, int]


class TestedAnswer(Record):
    """What one of the tested instructions was answered on one test example."""

    __test__ = False  # not a test class, whatever pytest makes of its name

    name: str
    instruction: str
    answer: str | None
    score: float | None
    reasoning: str = ""


def winner_answers(run: Run, *, test_alone: bool = False) -> list[WinnerAnswer]:
    """Return the winner's answers: on validation, on the finalists' fresh examples, and on test.

    Of a run without a winner they are those of its best trial so far. Raises UsageError where there are none.
    """
    tested = next((each for each in run.test_scores if each.name == THIS_INSTRUCTION), None)
    found = [*(() if test_alone else _searched_with(run)), *(_on_test(run, tested) if tested else ())]
    if not found:
        raise _nothing_on(run, "any example" if not test_alone else "its test examples")
    return found


def _searched_with(run: Run) -> list[WinnerAnswer]:
    best = run.result.best.guidance if run.result and run.result.best else None
    trial = next((each for each in run.trials if each.candidate.guidance == best), None)
    trial = trial or (None if run.result else History(run.trials).best)
    if trial is None:
        return []
    index = trial.index if trial.reused is None else trial.reused
    return [
        WinnerAnswer(
            split=each.split,
            example=each.example,
            input=each.input,
            targets=each.targets,
            answer=each.answer,
            score=each.score,
        )
        for each in run.answers
        if each.trial == index
    ]


def class_scores(run: Run, answers: Iterable[WinnerAnswer]) -> list[ClassScores]:
    """Return how each label of a run's examples did, the most frequent first, as far as it has answers.

    An answer names the label that it is, or the only one in it. Raises UsageError where targets are no
    labels, or an example has several.
    """
    labels = _labels_of(run.splits)
    named = [
        (each.targets[0].strip(), label_in(each.answer or "", labels), each.score)
        for each in answers
        if each.score is not None
    ]
    counts = Counter(label for _, label, _ in named)
    found = []
    for label in labels:
        own = [(answered, score) for target, answered, score in named if target == label]
        right = sum(answered == label for answered, _ in own)
        if own:
            scores = ClassScores(
                label=label,
                examples=len(own),
                score=sum(score for _, score in own) / len(own),
                answered=counts[label],
                precision=right / counts[label] if counts[label] else None,
                confusion=dict(Counter(answered for answered, _ in own).most_common()),
            )
            found.append(scores)
    return found


def _labels_of(splits: Splits | None) -> tuple[str, ...]:
    parts = (splits.demonstrations, splits.validation, splits.retest, splits.test) if splits else ()
    examples = [example for part in parts for example in part]
    if all(len(example.targets) == 1 for example in examples) and (
        labels := closed_labels([example.targets[0] for example in examples])
    ):
        return labels
    raise UsageError(
        "--by-class: the targets are not a few labels that repeat.", hint="See single answers with --wrong."
    )


def label_in(answer: str, labels: Sequence[str]) -> str:
    """Return the label that an answer is, or the only one that it mentions; else :data:`OTHER`."""
    text = normalise(answer, "standard")
    plain = {label: normalise(label, "standard") for label in labels}
    for label, wanted in plain.items():
        if text == wanted:
            return label
    mentioned = [label for label, wanted in plain.items() if re.search(whole_phrase(wanted), text)]
    # "very bad" is no mention of "bad" where both are labels.
    longest = [
        label
        for label in mentioned
        if not any(label != other and plain[label] in plain[other] for other in mentioned)
    ]
    return longest[0] if len(longest) == 1 else OTHER


def tested_answers(run: Run, number: int) -> tuple[str, tuple[str, ...], list[TestedAnswer]]:
    """Return a test example's input and targets, and what each tested instruction was answered.

    Raises UsageError where nothing is tested yet, and UnknownNameError for a number that is not there.
    """
    if not run.test_scores or run.splits is None:
        raise _nothing_on(run, "its test examples")
    test = run.splits.test
    if not 0 <= number < len(test):
        raise UnknownNameError(
            f"Run {run.id} has no test example {number}.", hint=f"It has examples 0 to {len(test) - 1}."
        )
    told = [
        TestedAnswer(
            name=each.name or "scored beside them",
            instruction=each.guidance.instruction,
            answer=_at(each.answers, number),
            score=_at(each.scores, number),
            reasoning=_at(each.reasonings, number) or "",
        )
        for each in run.test_scores
    ]
    return test[number].full_input, test[number].targets, told


def _nothing_on(run: Run, examples: str) -> UsageError:
    return UsageError(
        f"Run {run.id} has no answers on {examples} to show: its status is {run.status}.",
        hint=f"See what it has with: iz runs show {run.id}",
    )


def _on_test(run: Run, tested: InstructionScores) -> Iterable[WinnerAnswer]:
    examples = run.splits.test if run.splits else ()
    for number, (example, score) in enumerate(zip(examples, tested.scores, strict=False)):
        yield WinnerAnswer(
            split="test",
            example=number,
            input=example.full_input,
            targets=example.targets,
            answer=_at(tested.answers, number),
            score=score,
        )


def _at(values: Sequence[T], number: int) -> T | None:
    """Return what there is for an example; older versions kept less than scores."""
    return values[number] if number < len(values) else None
