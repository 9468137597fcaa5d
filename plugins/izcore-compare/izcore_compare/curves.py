"""Quality against calls: how well the best instruction so far does on the test examples."""

import izcore
from izcore.plugin import Record
from izcore_compare.runs import ComparedRun


class CurvePoint(Record):
    """From ``calls`` calls of the search on, the best so far scores ``test`` on the test examples."""

    calls: int
    test: float


class Curve(Record):
    """Quality against calls of one run, from the first point on.

    ``calls`` is what its whole search asked, ``examples`` the number of test examples.
    """

    points: tuple[CurvePoint, ...]
    calls: int
    examples: int

    @property
    def begin(self) -> int:
        """The calls after which there was a best instruction."""
        return self.points[0].calls

    def at(self, calls: int) -> float:
        """Return the quality after so many calls, at least :attr:`begin`."""
        return next(point.test for point in reversed(self.points) if point.calls <= calls)


def curve_of(run: ComparedRun, registry: "izcore.Registry") -> Curve:
    """Return the curve of a run that is done, and whose incumbents have test scores."""
    record = run.record()
    assert record is not None
    scores = {tested.guidance: tested.scores for tested in izcore.run(record.id, db=run.db).test_scores}
    trajectory = izcore.trajectory(record.id, db=run.db, registry=registry)
    points = []
    for incumbent in trajectory.incumbents:
        known = [score for score in scores[incumbent.guidance] if score is not None]
        points.append(CurvePoint(calls=incumbent.calls, test=sum(known) / len(known)))
    return Curve(points=tuple(points), calls=trajectory.calls, examples=len(run.planned.plan.splits.test))
