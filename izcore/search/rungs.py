"""What an evaluation policy says of a search: how many instructions see how many examples."""

import math
from collections.abc import Sequence

from izcore.config.schema import SearchSize
from izcore.plugin.evaluation import Rung, RungsRequest, RungsResult
from izcore.plugin.protocols import EvaluationPolicy
from izcore.plugin.record import Record


class RoundSize(Record):
    """How many instructions a round has at most, and after how many examples they are compared.

    ``kept`` of them stay whatever the policy says.
    """

    instructions: int
    rungs: tuple[Rung, ...]
    kept: int = 0


def rungs_of(policy: EvaluationPolicy | None, examples: int, searched: int, round_: int) -> RungsResult:
    """Return after how many examples the instructions of a round are compared; one rung without a policy.

    ``examples`` is the number of validation examples, ``searched`` that of the instructions of the whole
    search, at most. ``round_`` counts from 0.
    """
    if policy is None:
        return RungsResult(rungs=(Rung(examples=examples),))
    return policy.rungs(RungsRequest(examples=examples, searched=searched, round=round_))


def rounds_of(
    policy: EvaluationPolicy | None, search: SearchSize, examples: int, trials: int, starting: int
) -> list[RoundSize]:
    """Return the rounds of a search of so many ``trials``; the first has ``starting`` ones on top.

    The best of these stays in it whatever the policy says.
    """
    rounds: list[RoundSize] = []
    tried = 0
    while tried < trials:
        result = rungs_of(policy, examples, trials, len(rounds))
        wanted = search.initial - tried if tried < search.initial else search.batch
        proposed = wanted if result.instructions is None else min(wanted, result.instructions)
        instructions = min(proposed + (0 if rounds else starting), trials - tried)
        kept = 0 if rounds else min(1, starting)
        rounds.append(RoundSize(instructions=instructions, rungs=result.rungs, kept=kept))
        tried += instructions
    return rounds


def most_that_see(rungs: Sequence[Rung], instructions: int, kept: int = 0) -> list[int]:
    """Return for each example by how many instructions of a round it is seen at most.

    ``kept`` of them stay whatever the policy says.
    """
    seen: list[int] = []
    staying = instructions
    for rung in rungs:
        seen += [staying] * (rung.examples - len(seen))
        staying = min(staying, math.ceil(staying / rung.reduction) + kept)
    return seen
