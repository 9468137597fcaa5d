"""Published methods that choose from a pool, by name: small whole runs, and runs that were cut off."""

from pathlib import Path
from typing import Any

import pytest

import izcore
from izcore.plugin import TrialFinished, hookimpl
from izcore.plugin.errors import InterruptedRunError
from izcore.storage.store import Store

pytest.importorskip("izcore_botorch")

PHRASES = [f"Sentence {n}." for n in range(12)] + ["Write the input in reverse."]
BACKENDS: dict[str, Any] = {
    "generator": {"name": "phrases", "phrases": PHRASES},
    "scorer": {"name": "obedient", "mistakes": 0.2},
}
SMALL: dict[str, dict[str, Any]] = {
    "presto": {
        # The toy generator has no hidden states.
        "surrogate": {"on": "text", "steps": 20},
        "search": {"initial": 4, "batch": 3, "rounds": 2, "pool": 40},
        "splits": {"validation": 8, "test": 10},
    },
    "hbbops": {
        "surrogate": {"steps": 20},
        "few_shot": {"examples": 2, "sets": 3},
        "search": {"initial": 4, "batch": 4, "rounds": 2, "pool": 40},
        "evaluation": {"first": 2},
        "splits": {"validation": 8, "test": 10, "demonstrations": 4},
    },
}


class Interrupting:
    """An observer during whose work on one trial somebody presses Ctrl-C."""

    @hookimpl
    def izcore_trial_finished(self, event: TrialFinished) -> None:
        if event.trial.index == 6:
            raise KeyboardInterrupt


@pytest.mark.parametrize("preset", SMALL)
def test_a_run_by_name_ends_as_it_would_have_when_it_is_cut_off(preset: str, tmp_path: Path) -> None:
    settings = BACKENDS | SMALL[preset]
    whole, cut = tmp_path / "whole.sqlite", tmp_path / "cut.sqlite"
    expected = izcore.optimize("mirror", preset=preset, settings=settings, db=whole)
    with pytest.raises((KeyboardInterrupt, InterruptedRunError)):
        izcore.optimize(
            "mirror", preset=preset, settings=settings, db=cut, observers={"interrupting": Interrupting()}
        )
    resumed = izcore.resume("last", db=cut)
    with Store(whole) as first, Store(cut) as second:
        trials = first.trials(expected.run_id)
        assert second.trials(resumed.run_id) == trials
    assert resumed.best == expected.best
    guidance = {trial.candidate.guidance for trial in trials}
    assert len(guidance) == len(trials)
    if preset == "hbbops":
        # Eight examples, from two: brackets of 4, 3 and 3, of which the last see all.
        assert [sum(trial.round == n for trial in trials) for n in range(3)] == [4, 3, 3]
        assert {len(trial.scores) for trial in trials} == {2, 4, 8}
        assert len({len(trial.candidate.exemplars) for trial in trials}) > 1
    else:
        assert {len(trial.scores) for trial in trials} == {8}
