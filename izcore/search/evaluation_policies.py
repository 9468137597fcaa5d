"""Evaluation policies: how many validation examples each instruction of a round is worth."""

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from izcore.config.schema import EvaluationPolicy, Objective
from izcore.plugin.errors import BudgetExhaustedError
from izcore.plugin.records import Example, Guidance, Trial
from izcore.scoring.evaluator import Evaluation, Evaluator
from izcore.scoring.statistics import chance_of_lead

Scores = Sequence[float | None]
Key = TypeVar("Key")


@dataclass(frozen=True)
class Judged:
    """Evaluations by guidance; ``stopped`` is why some are shorter than planned, or missing."""

    evaluations: dict[Guidance, Evaluation]
    stopped: BudgetExhaustedError | None = None


def rungs(policy: EvaluationPolicy, examples: int, searched: int) -> list[int]:
    """Return after how many examples instructions are compared, up to all of them.

    That is after ``first``, then twice as many each time (halving) or ``first`` more (racing). A search of
    few instructions, ``searched`` at most, begins halving later, so that two would be left at the end: among
    a handful, one example is no reason to drop any.
    """
    if policy.policy == "full":
        return [examples]
    sizes = []
    size = policy.first
    while size < examples:
        sizes.append(size)
        size = 2 * size if policy.policy == "halving" else size + policy.first
    if policy.policy == "halving":
        begin, staying = len(sizes), searched
        while begin and (staying := math.ceil(staying / policy.reduction)) > 1:
            begin -= 1
        sizes = sizes[begin:]
    return [*sizes, examples]


def most_that_see(policy: EvaluationPolicy, examples: int, instructions: int, searched: int) -> list[int]:
    """Return for each example by how many instructions of a round it is seen at most."""
    seen: list[int] = []
    staying = instructions
    for size in rungs(policy, examples, searched):
        seen += [staying] * (size - len(seen))
        if policy.policy == "halving":
            staying = math.ceil(staying / policy.reduction)
    return seen


async def judge(
    instructions: Sequence[Guidance],
    examples: Sequence[Example],
    evaluator: Evaluator,
    policy: EvaluationPolicy,
    objective: Objective,
    *,
    searched: int,
    incumbent: Trial | None = None,
) -> Judged:
    """Score all instructions on a few examples, then those that stay on more, and so on to the end.

    The order of examples is fixed, so that any two instructions are compared on the same ones. Who stays is
    for :func:`stay_in_halving` or :func:`stay_in_race` to say; an instruction with failed calls does not.
    Every score counts less the penalty of its instruction under ``objective``. ``incumbent`` is the best
    trial so far, which takes part in a race; for ``searched`` see :func:`rungs`.
    """

    def penalised(guidance: Guidance) -> Scores:
        evaluation = known[guidance]
        penalty = objective.penalty(guidance.length, evaluation.answer_cost_usd)
        return _less(evaluation.scores, penalty)

    best = _less(incumbent.scores, incumbent.penalty) if incumbent else ()
    known: dict[Guidance, Evaluation] = {}
    staying = list(instructions)
    sizes = rungs(policy, len(examples), searched)
    for size in sizes:
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
        if size == len(examples):
            break
        scores = {each: penalised(each) for each in staying if None not in known[each].scores}
        if policy.policy == "halving":
            staying = stay_in_halving(scores, math.ceil(len(staying) / policy.reduction))
        else:
            rival = best[:size] if len(best) >= size else ()
            staying = stay_in_race(scores, rival, policy.risk / (max(1, len(instructions)) * len(sizes)))
    return Judged(known)


def stay_in_halving(scores: Mapping[Key, Scores], places: int) -> list[Key]:
    """Return the ``places`` best, of equals those that came first.

    Successive halving (Jamieson and Talwalkar 2016, algorithm 1). The best instruction is lost with a
    probability of at most exp(-n d^2 / 2) per rung of n examples for each rival that it beats by d
    (Hoeffding, for scores in [0, 1] on examples drawn independently).
    """
    return sorted(scores, key=lambda key: -_mean(scores[key]))[:places]


def stay_in_race(scores: Mapping[Key, Scores], incumbent: Scores, level: float) -> list[Key]:
    """Return those that the leader is not shown to beat, at ``level``, in their order.

    A Hoeffding race (Maron and Moore 1994) on paired differences; for right-or-wrong scores with the exact
    sign test, which decides sooner. The best instruction is lost only if at some comparison some rival leads
    it by more than chance explains; with ``level`` the risk divided by rivals and comparisons, that happens
    with a probability of at most the risk (union bound, for examples drawn independently).
    """
    rivals = [*scores.values(), *([incumbent] if incumbent and None not in incumbent else [])]
    if not rivals:
        return []
    leader = max(rivals, key=_mean)
    return [key for key, own in scores.items() if chance_of_lead(_numbers(leader), _numbers(own)) > level]


def _less(scores: Scores, penalty: float) -> Scores:
    return [None if score is None else score - penalty for score in scores]


def _mean(scores: Scores) -> float:
    return math.fsum(_numbers(scores)) / len(scores)


def _numbers(scores: Scores) -> list[float]:
    return [score for score in scores if score is not None]
