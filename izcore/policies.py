"""Evaluation policies: how many validation examples each instruction of a round is worth."""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass

from izcore.config import EvaluationPolicy
from izcore.errors import BudgetExhaustedError
from izcore.evaluation import Evaluation, Evaluator
from izcore.records import Example


@dataclass(frozen=True)
class Judged:
    """Evaluations by instruction; ``stopped`` is why some are shorter than planned, or missing."""

    evaluations: dict[str, Evaluation]
    stopped: BudgetExhaustedError | None = None


def rungs(policy: EvaluationPolicy, examples: int) -> list[int]:
    """Return after how many examples instructions are compared: ``first``, doubled up to all of them."""
    sizes = []
    size = policy.first
    while size < examples:
        sizes.append(size)
        size *= 2
    return [*sizes, examples]


async def halve(
    instructions: Sequence[str], examples: Sequence[Example], evaluator: Evaluator, policy: EvaluationPolicy
) -> Judged:
    """Score all instructions on a few examples, the better ones on twice as many, and so on to the end.

    Successive halving (Jamieson and Talwalkar 2016, algorithm 1) on a fixed order of examples, so that any
    two instructions are compared on the same ones: between rungs the best 1 / ``policy.reduction`` stay,
    of equals those that came first. An instruction with failed calls does not stay.

    The best instruction is lost with a probability of at most exp(-n d^2 / 2) per rung of n examples
    for each rival that it beats by d (Hoeffding, for scores in [0, 1] drawn independently).
    """
    known: dict[str, Evaluation] = {}
    staying = list(instructions)
    for size in rungs(policy, len(examples)):
        outcomes = await asyncio.gather(
            *(evaluator.evaluate(instruction, examples[:size]) for instruction in staying),
            return_exceptions=True,
        )
        stopped = None
        for instruction, outcome in zip(staying, outcomes, strict=True):
            if isinstance(outcome, BudgetExhaustedError):
                stopped = outcome
            elif isinstance(outcome, BaseException):
                raise outcome
            else:
                known[instruction] = outcome
        if stopped:
            return Judged(known, stopped)
        whole = [instruction for instruction in staying if None not in known[instruction].scores]
        ranked = sorted(whole, key=lambda instruction: -_mean(known[instruction]))
        staying = ranked[: math.ceil(len(staying) / policy.reduction)]
    return Judged(known)


def _mean(evaluation: Evaluation) -> float:
    return math.fsum(score for score in evaluation.scores if score is not None) / len(evaluation.scores)
