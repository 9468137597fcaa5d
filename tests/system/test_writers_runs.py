"""Whole runs of the writing generators: models of plain Python, and the embedded one once."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from support import iz_command, without_times

import izcore
from izcore.api import open_store, plan
from izcore.plugin import CallFinished, hookimpl
from izcore.plugin.errors import BackendError
from izcore.plugin.results import RunResult
from izcore.plugin.trials import Trial
from izcore.storage.store import Store

pytest.importorskip("izcore_writers")

METHODS = ("ape", "opro", "evoprompt-ga", "evoprompt-de", "gepa")
SMALL = {"initial": 6, "batch": 5, "rounds": 4}


def run(method: str, writer: Any = "scribe", *, settings: Any = None, **options: Any) -> RunResult:
    """Optimise the toy task with toy models."""
    settings = {"generator": {"name": method, "writer": writer}, "search": SMALL, **(settings or {})}
    return izcore.optimize("mirror", scorer="obedient", settings=settings, **options)


def trials_of(run_id: str, db: Path | None = None) -> list[Trial]:
    with open_store(db) as store:
        return store.trials(run_id)


class Calls:
    """Counts the calls that were answered, by who asked."""

    def __init__(self) -> None:
        self.answered = {"scorer": 0, "generator.writer": 0}

    @hookimpl
    def izcore_call_finished(self, event: CallFinished) -> None:
        self.answered[event.asker] += event.outcome == "answered"


@pytest.mark.parametrize("method", METHODS)
def test_each_preset_finds_the_instruction_that_its_writer_knows(method: str) -> None:
    settings = {"generator": {"writer": "scribe"}}
    result = izcore.optimize("mirror", scorer="obedient", preset=method, settings=settings)
    assert result.best is not None
    assert result.best.instruction == "Write the input in reverse."
    assert [baseline.name for baseline in result.baselines] == ["no instruction"]
    assert result.trials == plan("mirror", scorer="obedient", preset=method).config.search.total


def test_the_writers_calls_count_and_are_free_the_second_time() -> None:
    calls = Calls()
    first = run("ape", observers={"calls": calls})
    assert calls.answered["generator.writer"] == first.trials == 26
    assert first.calls == sum(calls.answered.values())
    again = run("ape")
    assert again.calls == 0
    assert trials_of(again.run_id)[-1].candidate == trials_of(first.run_id)[-1].candidate
    assert again.best == first.best


def test_the_budget_is_a_wall_for_the_writer_too() -> None:
    for limit in (150, 190):
        result = run("opro", max_calls=limit, cache=False)
        assert 0.5 * limit < result.calls <= limit
        assert result.best is not None


def test_a_writer_that_often_says_nothing_never_writes_an_empty_instruction() -> None:
    result = run("evoprompt-ga", {"name": "scribe", "babble": 0.7})
    trials = trials_of(result.run_id)
    assert all(trial.candidate.instruction for trial in trials)
    assert any(not trial.candidate.raw for trial in trials), "a parent stood in"


def test_a_writer_that_says_nothing_ends_the_run_with_an_explanation() -> None:
    with pytest.raises(BackendError, match="gave no instruction"):
        run("ape", {"name": "scribe", "babble": 1.0})


def test_few_examples_for_the_worse_instructions_do_not_disturb_the_methods() -> None:
    for method in METHODS:
        halving = {"policy": "halving", "first": 4, "reduction": 3}
        result = run(method, settings={"evaluation": halving})
        assert result.best is not None
        assert result.best.instruction == "Write the input in reverse."


def test_latents_play_no_part_so_the_cheapest_surrogate_does() -> None:
    planned = plan("mirror", scorer="obedient", generator="opro", surrogate="lattice")
    assert planned.config.surrogate.name == "sobol"
    assert plan(
        "mirror", scorer="obedient", generator="phrases", surrogate="lattice"
    ).config.surrogate.name == ("lattice")


def test_what_learns_from_sentences_is_kept_where_latents_play_no_part() -> None:
    pytest.importorskip("izcore_botorch")
    planned = plan("mirror", scorer="obedient", generator="ape", surrogate="structured")
    assert planned.config.surrogate.name == "structured"


SLOW_SCRIBE = '{name="scribe", seconds=0.01, babble=0.2}'
KILLED = {
    "evoprompt-de": ("generator.population=4", f"generator.writer={SLOW_SCRIBE}"),
    "portfolio": (f'generator.writers=["phrases", {{name="ape", writer={SLOW_SCRIBE}}}]',),
}


@pytest.mark.parametrize("method", KILLED)
def test_killing_changes_nothing(tmp_path: Path, method: str) -> None:
    sizes = [word for key, value in SMALL.items() for word in ("--set", f"search.{key}={value}")]
    slow = [f"--set={each}" for each in (*KILLED[method], "scorer.seconds=0.002", "scorer.concurrency=4")]
    chosen = ("--scorer", "obedient", "--generator", method)

    def start(*arguments: str, db: Path) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            iz_command(*arguments, "--json"),
            env={**os.environ, "IZ_DB": str(db)},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    whole, killed = tmp_path / "whole.sqlite", tmp_path / "killed.sqlite"
    words = ("optimize", "mirror", *chosen, *sizes, *slow)
    expected = json.loads(start(*words, db=whole).communicate(timeout=120)[0])
    process, run_id = start(*words, db=killed), ""
    for done in (1, 9):
        while True:
            assert process.poll() is None, "the run ended before it could be killed"
            with Store(killed) as store:
                runs = store.runs()
                if runs and len(store.trials(runs[0].id)) >= done:
                    break
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        run_id = runs[0].id
        process = start("resume", run_id, db=killed)
    result = json.loads(process.communicate(timeout=120)[0])
    spending = ("calls", "lost_calls", "tokens", "cost_usd")
    assert without_times(result, *spending) == without_times(expected, *spending)
    assert trials_of(run_id, killed) == trials_of(expected["run_id"], whole)


@pytest.mark.model
def test_the_embedded_model_writes_and_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("izcore_transformers")
    monkeypatch.delenv("IZ_CACHE")  # converting the embedded model anew takes too long
    settings = {
        "generator": {"room": 24},
        "scorer": {"max_new_tokens": 8},
        "search": {"initial": 3, "batch": 2, "rounds": 1},
        "splits": {"validation": 5, "test": 5},
    }
    result = izcore.optimize("demo", preset="ape", settings=settings)
    trials = trials_of(result.run_id)
    assert len(trials) == 5
    assert len({trial.candidate.instruction for trial in trials}) > 1
    assert all(trial.candidate.raw for trial in trials[:3])


@pytest.mark.model
@pytest.mark.parametrize("preset", ["gepa", "reelicit"])
def test_methods_that_ask_much_of_a_writer_end_well_with_a_weak_one(
    preset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("izcore_transformers")
    monkeypatch.delenv("IZ_CACHE")  # converting the embedded model anew takes too long
    weak = {"elicitations": 1, "writes": 1} if preset == "reelicit" else {}
    settings = {
        "generator": {"room": 24, **weak},
        "surrogate": {"name": "sobol"},
        "scorer": {"max_new_tokens": 8},
        "search": {"initial": 2, "batch": 1, "rounds": 1},
        "splits": {"validation": 3, "test": 3, "retest": 0},
    }
    result = izcore.optimize("demo", preset=preset, settings=settings)
    trials = trials_of(result.run_id)
    assert len(trials) == 3
    assert all(trial.candidate.instruction for trial in trials)
    assert result.best is not None
