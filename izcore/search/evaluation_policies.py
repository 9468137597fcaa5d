"""Evaluation policies: how many validation examples each instruction of a round is worth."""

import math
from collections.abc import Mapping, Sequence
from typing import TypeVar

from izcore.config.schema import EvaluationPolicy
from izcore.scoring.statistics import chance_of_lead

Scores = Sequence[float | None]
Key = TypeVar("Key")


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


def promote(
    policy: EvaluationPolicy,
    scores: Mapping[Key, Scores],
    compared: int,
    incumbent: Scores,
    *,
    instructions: int,
    comparisons: int,
) -> list[Key]:
    """Return who of ``compared`` instructions, ``scores`` of which are complete, sees more examples.

    ``instructions`` is the number in the round, ``comparisons`` that of its rungs.
    """
    if policy.policy == "halving":
        return stay_in_halving(scores, math.ceil(compared / policy.reduction))
    return stay_in_race(scores, incumbent, policy.risk / (max(1, instructions) * comparisons))


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


def _mean(scores: Scores) -> float:
    return math.fsum(_numbers(scores)) / len(scores)


def _numbers(scores: Scores) -> list[float]:
    return [score for score in scores if score is not None]
