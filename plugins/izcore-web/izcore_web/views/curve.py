"""Numbers behind the plots: quality against calls, and score against length and cost."""

import itertools
from collections.abc import Iterator

from izcore import Run
from izcore.plugin import Record, Trial
from izcore_web.views.trials import mean_of


class Point(Record):
    """A trial: calls of the search until its scores were there, its validation score on ``n`` examples.

    ``length`` is that of instruction and exemplars, ``cost_usd`` what a thousand of its answers cost.
    """

    trial: int
    calls: int
    score: float
    n: int
    length: int
    cost_usd: float


class Curve(Record):
    """All trials with a score, and after which calls which score was the best so far.

    Trials of a round are compared with each other, so the best changes when a round is over. The best is the
    one that met the most examples, and of those the one with the highest score. ``calls`` is the end of the
    search.
    """

    points: tuple[Point, ...]
    best: tuple[tuple[int, float], ...]
    calls: int


def curve_of(run: Run) -> Curve:
    """Return how quality came with calls."""
    searched = len(run.splits.validation) if run.splits else 0
    points, best, calls = [], [], 0
    leading: tuple[int, float] | None = None
    for _, trials in itertools.groupby(run.trials, key=lambda trial: trial.round):
        found = list(_points(list(trials), calls, searched))
        calls = found[-1].calls if found else calls
        points += found
        ahead = max(((point.n, point.score) for point in found), default=(0, 0.0))
        if found and (leading is None or ahead > leading):
            leading = ahead
            best.append((calls, ahead[1]))
    return Curve(points=tuple(points), best=tuple(best), calls=calls)


def _points(trials: list[Trial], calls: int, searched: int) -> Iterator[Point]:
    for trial in trials:
        asked = trial.calls + trial.cached_calls
        calls += min(asked, len(trial.scores[:searched]))
        score = mean_of(trial.scores[:searched])
        if trial.reused is None and score is not None:
            yield Point(
                trial=trial.index,
                calls=calls,
                score=score,
                n=searched_on(trial, searched),
                length=trial.candidate.guidance.length,
                cost_usd=trial.cost_usd / trial.calls * 1000 if trial.calls else 0.0,
            )


def searched_on(trial: Trial, searched: int) -> int:
    """Return on how many validation examples a trial has a score."""
    return sum(score is not None for score in trial.scores[:searched])
