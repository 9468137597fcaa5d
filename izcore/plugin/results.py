"""Frozen records of what a run found, and of what it may cost."""

from collections.abc import Mapping
from typing import Literal

from izcore.plugin.calls import FinishReason, Usage
from izcore.plugin.examples import Agreement, Example
from izcore.plugin.record import Record
from izcore.plugin.trials import Guidance


class ValidationScore(Record):
    """Mean score on the validation examples, and their number."""

    score: float
    n: int


class TestScore(Record):
    """Mean score on the sealed test split with its 95% confidence interval."""

    __test__ = False  # not a test class, whatever pytest makes of its name

    score: float
    low: float
    high: float
    n: int


class Best(Record):
    """The winner: chosen by its validation score less the ``penalty``, then scored once on test.

    ``exemplars`` are the solved examples that a few-shot search chose with it.
    """

    instruction: str
    validation: ValidationScore
    test: TestScore | None = None
    penalty: float = 0.0
    exemplars: tuple[Example, ...] = ()

    @property
    def guidance(self) -> Guidance:
        """What to give the black box."""
        return Guidance(instruction=self.instruction, exemplars=self.exemplars)


class FrontPoint(Record):
    """An instruction, with its exemplars, that none of at most its ``length`` outdoes on validation.

    For ``length`` see :attr:`Guidance.length`.
    """

    instruction: str
    length: int
    validation: ValidationScore
    exemplars: tuple[Example, ...] = ()


class Baseline(Record):
    """An instruction to compare with; ``difference`` is the winner's test mean minus this one's.

    ``p_value`` is two-sided, of a paired test on the same test examples. ``exemplars`` are the solved
    examples that it was tested with, which runs of older versions do not say.
    """

    name: str
    instruction: str
    test: TestScore
    difference: float
    p_value: float
    exemplars: tuple[Example, ...] = ()

    @property
    def guidance(self) -> Guidance:
        """What the black box was given."""
        return Guidance(instruction=self.instruction, exemplars=self.exemplars)


RunStatus = Literal["running", "done", "interrupted", "failed", "out_of_budget"]


class RunResult(Record):
    """What a run found and what it took.

    ``calls`` were paid for; ``cached_calls`` were answered from disk. ``lost_calls`` of the paid ones were
    sent and never answered (a time-out, a killed process), which the provider may bill: ``tokens`` and
    ``cost_usd`` hold the most that they can have cost. ``conclusion`` is the result in a sentence, honest
    about "no improvement found". ``agreement`` says how far a grading model agrees with itself.
    ``finishes`` counts the answers of the run, cached ones included, by how they ended. ``front`` is the
    Pareto front of validation score against length, the shortest instruction first.
    """

    run_id: str
    task: str
    status: RunStatus
    seed: int
    best: Best | None
    baselines: tuple[Baseline, ...]
    trials: int
    unique_instructions: int
    calls: int
    cached_calls: int
    tokens: Usage
    cost_usd: float | None
    seconds: float
    conclusion: str = ""
    lost_calls: int = 0
    finishes: Mapping[FinishReason, int] = {}
    agreement: Agreement | None = None
    front: tuple[FrontPoint, ...] = ()


class Estimate(Record):
    """What a run may cost at most, before it starts. ``tokens`` is an estimate from text lengths."""

    trials: int
    calls: int
    tokens: int
    cost_usd: float | None = None
