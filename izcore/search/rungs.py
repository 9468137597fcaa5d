"""What an evaluation policy says of a search: how many instructions see how many examples."""

import math
from collections.abc import Sequence

from izcore.plugin.evaluation import Rung, RungsRequest
from izcore.plugin.protocols import EvaluationPolicy


def rungs_of(policy: EvaluationPolicy | None, examples: int, searched: int) -> tuple[Rung, ...]:
    """Return after how many examples the instructions of a round are compared; one rung without a policy.

    ``examples`` is the number of validation examples, ``searched`` that of the instructions of the whole
    search, at most.
    """
    if policy is None:
        return (Rung(examples=examples),)
    return policy.rungs(RungsRequest(examples=examples, searched=searched)).rungs


def most_that_see(rungs: Sequence[Rung], instructions: int) -> list[int]:
    """Return for each example by how many instructions of a round it is seen at most."""
    seen: list[int] = []
    staying = instructions
    for rung in rungs:
        seen += [staying] * (rung.examples - len(seen))
        staying = math.ceil(staying / rung.reduction)
    return seen
