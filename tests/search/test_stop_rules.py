"""A search ends early where the user set a score, a time or a patience, and ends there again when resumed."""

import dataclasses
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support.in_process import called

import izcore
from izcore.config.durations import in_words, seconds_of
from izcore.engine.environment import Environment, open_environment
from izcore.engine.runner import resume_run, start_run
from izcore.plugin import NoteAdded, PhaseStarted, hookimpl

RIGHT = "Write the input in reverse."
WRONG = [f"Count the letters, {number}." for number in range(9)]
SETTINGS: dict[str, Any] = {
    "search": {"initial": 3, "batch": 1, "rounds": 5},
    "splits": {"validation": 6, "test": 6, "retest": 3},
    "evaluation": {"policy": "full"},
}


def planned(phrases: list[str], **search: Any) -> izcore.PlannedRun:
    return izcore.plan(
        "mirror",
        scorer="obedient",
        surrogate="sobol",
        settings={
            **SETTINGS,
            "search": {**SETTINGS["search"], **search},
            "generator": {"name": "phrases", "phrases": phrases},
        },
    )


class Watching:
    """Keeps notes, lets each round take ten seconds, and may stop the run once, before its finalists meet."""

    def __init__(self, *, stops: bool = False) -> None:
        self.notes: list[str] = []
        self.stops = stops
        self.seconds = 0.0

    @hookimpl
    def izcore_note_added(self, event: NoteAdded) -> None:
        self.notes.append(event.note)

    @hookimpl
    def izcore_phase_started(self, event: PhaseStarted) -> None:
        self.seconds += 10 * (event.phase == "evaluate")
        if self.stops and event.phase == "retest":
            self.stops = False
            raise KeyboardInterrupt


@contextmanager
def environment(db: Path, watching: Watching) -> Iterator[Environment]:
    with open_environment(izcore.discover(), db=db, observers={"watching": watching}) as opened:
        yield dataclasses.replace(opened, stopwatch=lambda: watching.seconds)


def rounds(run_id: str, db: Path) -> int:
    return max(trial.round for trial in izcore.run(run_id, db=db).trials)


def run(db: Path, phrases: list[str], **search: Any) -> izcore.RunResult:
    with environment(db, Watching()) as opened:
        return start_run(opened, planned(phrases, **search), lambda _: None)


def test_a_score_that_is_enough_ends_the_search_and_the_winner_is_tested(tmp_path: Path) -> None:
    db = tmp_path / "runs.sqlite"
    result = run(db, [RIGHT] * 9, target_score=0.5)
    assert rounds(result.run_id, db) == 0
    assert result.best is not None
    assert result.best.test is not None
    assert any("and 0.5 is enough (search.target_score)" in note for note in result.notes)


def test_a_score_on_a_few_of_the_examples_is_not_enough(tmp_path: Path) -> None:
    db = tmp_path / "runs.sqlite"
    result = run(db, WRONG, target_score=0.5)
    assert rounds(result.run_id, db) == 5
    assert not any("ended early" in note for note in result.notes)


def test_patience_counts_rounds_that_brought_nothing_better(tmp_path: Path) -> None:
    db = tmp_path / "runs.sqlite"
    result = run(db, [RIGHT] * 9, patience=2)
    assert rounds(result.run_id, db) == 2
    assert any("the last 2 rounds brought nothing better" in note for note in result.notes)


def test_time_ends_the_search_and_it_ends_there_again_whatever_the_clock_says(tmp_path: Path) -> None:
    db, watching = tmp_path / "runs.sqlite", Watching(stops=True)
    plan = planned(WRONG, max_time="15s")
    with environment(db, watching) as opened, pytest.raises(izcore.InterruptedRunError):
        start_run(opened, plan, lambda _: None)
    run_id = izcore.runs(db=db)[0].id
    assert rounds(run_id, db) == 1
    with environment(db, watching) as opened:
        still = dataclasses.replace(opened, stopwatch=lambda: 0.0)
        result = resume_run(still, run_id, lambda _: None)
    straight = run(tmp_path / "other.sqlite", WRONG, max_time=15)
    assert rounds(run_id, db) == 1
    assert (result.best, result.trials) == (straight.best, straight.trials)
    told = "The search ended early: its time of 15s was over (search.max_time)."
    assert told in result.notes
    assert watching.notes.count(told) == 2


def test_the_command_line_has_both(tmp_path: Path) -> None:
    arguments = (
        "optimize",
        "mirror",
        "--scorer",
        "obedient",
        "--generator",
        "phrases",
        "--dry-run",
        "--json",
    )
    code, out, _ = called(*arguments, "--target-score", "0.9", "--max-time", "1h30m")
    assert code == 0
    search = json.loads(out)["config"]["search"]
    assert (search["target_score"], search["max_time"], search["patience"]) == (0.9, 5400.0, None)
    code, _, complaint = called(*arguments, "--max-time", "soon")
    assert code == 2
    assert "search.max_time: 'soon' is no span of time" in " ".join(complaint.split())


@pytest.mark.parametrize(
    ("given", "seconds", "words"),
    [(90, 90, "1m 30s"), ("20m", 1200, "20m"), ("1h 30m", 5400, "1h 30m"), ("0.5", 0.5, "0.5s")],
)
def test_spans_of_time_are_read_and_said(given: object, seconds: float, words: str) -> None:
    assert seconds_of(given, where="here") == seconds
    assert in_words(seconds) == words


@pytest.mark.parametrize("given", ["", "0", 0, -1, "20 parsecs", True, "m20", float("inf")])
def test_what_is_no_span_of_time_is_refused(given: object) -> None:
    with pytest.raises(izcore.ConfigError, match=r"here: .* is no span of time"):
        seconds_of(given, where="here")
