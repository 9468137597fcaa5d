"""Conditions that a scored instruction has to keep: a least score, and being no worse than a run's winner."""

from collections.abc import Mapping, Sequence

from izcore.engine.score_result import Gate
from izcore.plugin.errors import UsageError
from izcore.plugin.examples import Example
from izcore.plugin.record import Record
from izcore.plugin.results import TestScore
from izcore.plugin.run_record import THIS_INSTRUCTION, Run
from izcore.scoring.statistics import paired_difference

Scores = Sequence[float | None]

LEAST_SHARED = 2
"""Fewer examples than these have no spread, so that nothing can be said of a difference."""


class Gates(Record):
    """The conditions of one scoring.

    A score has to be at least ``fail_under``. Against the winner of the run ``reference``, the 95% confidence
    interval of the difference on the test examples that both met must not reach down to ``-margin``.
    """

    fail_under: float | None = None
    reference: Run | None = None
    margin: float = 0.05

    def check(self) -> None:
        """Raise UsageError for a bound out of range, or a run without scores on its test examples."""
        for name, value in (("--fail-under", self.fail_under), ("--margin", self.margin)):
            if value is not None and not 0 <= value <= 1:
                raise UsageError(f"{name} {value}: scores are from 0 to 1.", hint="Write 0.8 for 80%.")
        if self.reference is not None and not _scores_of(self.reference):
            raise UsageError(
                f"--not-worse-than: run {self.reference.id} has no winner that was tested: "
                f"its status is {self.reference.status}.",
                hint=f"Go on with: iz resume {self.reference.id}",
            )

    def judge(
        self, name: str, test: TestScore, scores: Scores, examples: Sequence[Example]
    ) -> tuple[Gate, ...]:
        """Return what an instruction with these scores on these examples keeps of the conditions."""
        gates = []
        if self.fail_under is not None:
            gates.append(_least(name, test, self.fail_under))
        if self.reference is not None:
            gates.append(_not_worse(name, scores, examples, self.reference, self.margin))
        return tuple(gates)


def _least(name: str, test: TestScore, bound: float) -> Gate:
    passed = test.score >= bound
    return Gate(
        condition="fail_under",
        name=name,
        passed=passed,
        reason=f"The score of {name} is {test.score:.3f} (95% interval {test.low:.2f} to {test.high:.2f}), "
        f"{'not under' if passed else 'under'} {bound:g}.",
    )


def _not_worse(name: str, scores: Scores, examples: Sequence[Example], reference: Run, margin: float) -> Gate:
    known = _scores_of(reference)
    pairs = [
        (score, known[example])
        for example, score in zip(examples, scores, strict=True)
        if score is not None and example in known
    ]
    if len(pairs) < LEAST_SHARED:
        raise UsageError(
            f"--not-worse-than: of the test examples {len(pairs)} are those of run {reference.id}.",
            hint="The task's data, the seed, or the sizes of its splits must be those of that run.",
        )
    difference, low, high = paired_difference([a for a, _ in pairs], [b for _, b in pairs])
    passed = low > -margin
    shown = "Not worse" if passed else "Not shown to be no worse"
    return Gate(
        condition="not_worse_than",
        name=name,
        passed=passed,
        reason=f"{shown} than the winner of run {reference.id} "
        f"by {margin:g} or more: the difference of {name} is {difference:+.3f} (95% interval {low:+.2f} to "
        f"{high:+.2f}) on {len(pairs)} of its {len(known)} test examples.",
    )


def _scores_of(run: Run) -> Mapping[Example, float]:
    """Return the scores of a run's winner by test example; empty where it was not tested."""
    winner = next((each for each in run.test_scores if each.name == THIS_INSTRUCTION), None)
    if winner is None or run.splits is None:
        return {}
    scored = zip(run.splits.test, winner.scores, strict=False)
    return {example: score for example, score in scored if score is not None}
