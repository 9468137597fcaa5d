"""Quality against paid calls: what a search would have chosen after so many, read off its trials."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from izcore.config.paths import Paths
from izcore.engine.plan import evaluation_policy
from izcore.plugin.results import RunResult
from izcore.registry.registry import Registry
from izcore.search.history import History
from izcore.search.rungs import reach_of, rungs_of
from izcore.storage.store import Store


@dataclass(frozen=True)
class Curve:
    """Calls spent, and the chosen candidate's quality on unseen examples, after every trial."""

    calls: tuple[int, ...]
    quality: tuple[float, ...]

    def at(self, calls: int) -> float:
        """Return the quality that ``calls`` buy: of the first candidate, as long as nothing is known."""
        return self.quality[max(0, int(np.searchsorted(self.calls, calls, side="right")) - 1)]


Quality = Callable[[str], float]


def curve_of(
    result: RunResult, registry: Registry, db: Path, quality_on: Callable[[list[str]], Quality]
) -> Curve:
    """Return the curve of a finished search.

    ``quality_on`` is given the inputs of the test split and returns what says how good an instruction is on
    them. A point follows each round, when its comparisons are over, or each trial where there are none: the
    calls of all who took part, and the best of that time. The last point is what the search chose in the
    end, after the finalists were compared.
    """
    with Store(db) as store:
        trials, run = store.trials(result.run_id), store.run(result.run_id)
    validation = len(run.plan.splits.validation)
    policy = evaluation_policy(registry, run.config, Paths.of_this_user())
    rungs = rungs_of(policy, validation, len(trials), 0)
    quality = quality_on([example.input for example in run.plan.splits.test])
    seen: dict[int, int] = {}
    curve = [(0, quality(trials[0].candidate.instruction))]
    for _, of_round in itertools.groupby(
        trials, lambda trial: trial.round if len(rungs.rungs) > 1 else trial.index
    ):
        for index in {trial.index if trial.reused is None else trial.reused for trial in of_round}:
            # The retest came after the search: no choice during the search could know its scores.
            in_the_end = min(len(trials[index].scores), validation)
            reach = reach_of(rungs, seen.get(index, 0)) if rungs.advance else in_the_end
            seen[index] = min(reach, in_the_end)
        known = (
            msgspec.structs.replace(trials[i], scores=trials[i].scores[:count])
            for i, count in sorted(seen.items())
        )
        best = History(known).best
        assert best is not None
        curve.append((sum(seen.values()), quality(best.candidate.instruction)))
    assert result.best is not None
    scored = sum(len(trial.scores) for trial in trials if trial.reused is None)
    curve.append((scored, quality(result.best.instruction)))
    return Curve(calls=tuple(c for c, _ in curve), quality=tuple(q for _, q in curve))
