"""What GEPA's writing model is shown of a parent: answers beside their targets, and their forms."""

import random
from collections.abc import Sequence
from statistics import median

from izcore.plugin import Example, Record, Trial, profile_targets

LONGEST = 600
"""Characters of an input, an answer or a target that are shown; the middle of a longer one is left out."""

ENDS = {
    "length": "The answer was cut off, because it was too long.",
    "filtered": "The answer was cut off by a filter.",
    "refusal": "The assistant refused to answer.",
}
"""What is said of an answer that did not end by itself."""


class Case(Record):
    """An example, the answer to it, its score in [0, 1], and what is known of how the answer ended."""

    example: Example
    answer: str
    score: float
    remark: str = ""


def cases_of(trial: Trial, validation: Sequence[Example]) -> tuple[Case, ...]:
    """Return the examples on which a trial has a score and an answer."""
    ends = (*trial.finishes, *[None] * len(validation))
    return tuple(
        Case(example=example, answer=answer, score=score, remark=ENDS.get(end or "", ""))
        for example, answer, score, end in zip(validation, trial.answers, trial.scores, ends, strict=False)
        if answer is not None and score is not None
    )


def minibatch(cases: Sequence[Case], size: int, draw: random.Random) -> list[Case]:
    """Draw cases that failed; where there are fewer than ``size``, solved ones beside them."""
    failed = [case for case in cases if case.score < 1]
    solved = [case for case in cases if case.score >= 1]
    drawn = draw.sample(failed, min(size, len(failed)))
    return drawn + draw.sample(solved, min(size - len(drawn), len(solved)))


def described(case: Case, number: int) -> str:
    """Return a case as text."""
    verdict = "This is right." if case.score >= 1 else "This is wrong."
    if 0 < case.score < 1:
        verdict = f"This scores {case.score:.2f} of 1."
    targets = " or: ".join(_shortened(target) for target in case.example.targets[:3])
    return (
        f"Example {number}\nInput: {_shortened(case.example.full_input)}\n"
        f"Answer: {_shortened(case.answer) or '(nothing)'}\nExpected: {targets}\n"
        f"Verdict: {' '.join(filter(None, (verdict, case.remark)))}"
    )


def form_of(cases: Sequence[Case], examples: Sequence[Example]) -> str:
    """Say how answers that failed differ in form from the targets; ``examples`` tell what these are like."""
    failed = [case for case in cases if case.score < 1]
    if not failed:
        return "the answers have the form that is expected."
    within = sum(_stands_within(case) for case in failed)
    said = median(len(case.answer.split()) for case in failed)
    wanted = median(len(case.example.targets[0].split()) for case in failed)
    return (
        f"the expected answers are {profile_targets(examples).summary}. Where the assistant failed, its "
        f"answers have {said:.0f} words in the middle, the expected ones {wanted:.0f}. In {within} of "
        f"{len(failed)} failures the expected answer stands in the assistant's, among other words."
    )


def _stands_within(case: Case) -> bool:
    return any(target.casefold() in case.answer.casefold() for target in case.example.targets if target)


def _shortened(text: str) -> str:
    half = LONGEST // 2
    return text if len(text) <= LONGEST else f"{text[:half]} [...] {text[-half:]}"
