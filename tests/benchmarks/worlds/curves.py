"""Quality against paid calls: what a search would have chosen after so many, read off its trials."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from izcore.plugin.results import RunResult
from izcore.search.history import History
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
    result: RunResult, db: Path, quality_on: Callable[[list[str]], Quality], *, streaming: bool
) -> Curve:
    """Return the curve of a finished search.

    ``quality_on`` is given the inputs of the test split and returns what says how good an instruction is on
    them. ``streaming`` says that every trial counts at once, since none is compared with others on its way.
    The last point is what the search chose in the end, after the finalists were compared.
    """
    with Store(db) as store:
        trials, splits = store.trials(result.run_id), store.run(result.run_id).plan.splits
    quality = quality_on([example.input for example in splits.test])
    validation = len(splits.validation)
    history, calls = History([]), 0
    curve = [(0, quality(trials[0].candidate.instruction))]
    for trial, later in itertools.zip_longest(trials, trials[1:]):
        # The retest came after the search: no choice during the search could know its scores.
        history.append(msgspec.structs.replace(trial, scores=trial.scores[:validation]))
        calls += min(trial.calls, validation)
        # A comparison is over when its round is, with the calls of all who took part.
        if streaming or later is None or later.round > trial.round:
            assert history.best is not None
            curve.append((calls, quality(history.best.candidate.instruction)))
    retested = sum(max(0, trial.calls - validation) for trial in trials)
    assert result.best is not None
    curve.append((calls + retested, quality(result.best.instruction)))
    return Curve(calls=tuple(c for c, _ in curve), quality=tuple(q for _, q in curve))
