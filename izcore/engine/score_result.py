"""What scoring instructions outside of any search finds: scores, pairwise comparisons, and gates."""

from collections.abc import Mapping
from typing import Literal

from izcore.plugin.calls import FinishReason, Usage
from izcore.plugin.record import Record
from izcore.plugin.results import SetAside, TestScore


class ScoredInstruction(Record):
    """One of the instructions that were scored together, and what people call it."""

    name: str
    instruction: str
    test: TestScore


class PairedComparison(Record):
    """Two instructions on the same test examples.

    ``difference`` is the first's mean score less the second's, with its 95% confidence interval. ``p_value``
    is two-sided, of a paired test, and adjusted for the number of pairs by Holm's method.
    """

    first: str
    second: str
    difference: float
    low: float
    high: float
    p_value: float


class Gate(Record):
    """A condition on one of the instructions, whether it holds, and why in a sentence."""

    condition: Literal["fail_under", "not_worse_than"]
    name: str
    passed: bool
    reason: str


class ScoreResult(Record):
    """What ``iz score`` found about one instruction or several.

    ``instruction`` and ``test`` are those of the one with the highest score. ``instructions`` are all of them
    in the order in which they were given, ``pairs`` compares each two, and ``gates`` says of the conditions
    that were set whether each instruction keeps them. ``run_id`` names the run that holds the answers.
    """

    task: str
    instruction: str
    test: TestScore
    calls: int
    cached_calls: int
    tokens: Usage
    cost_usd: float | None
    finishes: Mapping[FinishReason, int] = {}
    set_aside: SetAside | None = None
    run_id: str = ""
    instructions: tuple[ScoredInstruction, ...] = ()
    pairs: tuple[PairedComparison, ...] = ()
    gates: tuple[Gate, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every gate holds, as they do where there is none."""
        return all(gate.passed for gate in self.gates)
