"""A run that is killed at any moment ends, when resumed, exactly as if nothing had happened."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest
from support import TOY, Iz, assert_explained, iz_command, result_of, without_times, write_lines

import izcore
from izcore.plugin.trials import Trial
from izcore.storage.store import Store

KILLS = 20
BACKENDS: dict[str, Any] = {"generator": "phrases", "scorer": "obedient", "surrogate": "sobol"}
SMALL = {"search": {"initial": 4, "batch": 2, "rounds": 1}, "splits": {"test": 5}}
RUN = (
    "optimize",
    "mirror",
    *TOY,
    *("--preset", "uniform-halving"),  # the fixture that runs it first has no own defaults yet
    *("--set", "search.initial=12", "--set", "search.batch=6", "--set", "search.rounds=3"),
    *("--set", "scorer.mistakes=0.2", "--set", "scorer.concurrency=4", "--set", "scorer.seconds=0.004"),
    "--json",
)


def start(*arguments: str, db: Path, log: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        iz_command(*arguments),
        env={**os.environ, "IZ_DB": str(db)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )


def wait_for_run(db: Path, process: "subprocess.Popen[str]") -> str:
    while True:
        assert process.poll() is None, "the run ended before it could be killed"
        if db.exists():
            with Store(db) as store:
                if runs := store.runs():
                    return runs[0].id
        time.sleep(0.01)


def trials_of(db: Path, run_id: str) -> list[Trial]:
    with Store(db) as store:
        return store.trials(run_id)


@pytest.fixture(scope="module")
def undisturbed(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[dict[str, object], list[Trial], list[str]]:
    folder = tmp_path_factory.mktemp("undisturbed")
    db, log = folder / "runs.sqlite", folder / "log"
    process = start(*RUN, "--set", f"scorer.log={log}", db=db, log=log)
    output, _ = process.communicate(timeout=120)
    result = json.loads(output)
    return result, trials_of(db, result["run_id"]), log.read_text().split()


def test_killing_at_random_moments_changes_nothing(
    undisturbed: tuple[dict[str, object], list[Trial], list[str]], tmp_path: Path, iz: Iz
) -> None:
    expected, expected_trials, expected_log = undisturbed
    db, log = tmp_path / "killed.sqlite", tmp_path / "log"
    moments = random.Random(7)
    process = start(*RUN, "--set", f"scorer.log={log}", db=db, log=log)
    run_id = wait_for_run(db, process)
    kills = 0
    while process.poll() is None and kills < KILLS:
        # Within the time that a resumed run has been at work, most of it spent scoring.
        time.sleep(moments.uniform(0.0, 0.25) if kills == 0 else moments.uniform(0.5, 1.0))
        if process.poll() is not None:
            break
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        kills += 1
        process = start("resume", run_id, "--json", db=db, log=log)
    process.communicate(timeout=120)
    # The last kill may have hit a process that had just written the result.
    result = result_of(iz("runs", "show", run_id, "--json", "--db", str(db)))["result"]

    assert kills >= 5, "the run was too short to be killed often"
    spending = ("calls", "lost_calls", "tokens", "cost_usd")
    assert without_times(result, *spending) == without_times(expected, *spending)
    assert trials_of(db, run_id) == expected_trials
    # What was under way when the process died may be billed, so it is booked (at most 4 each time).
    assert result["lost_calls"] <= 4 * kills
    assert result["calls"] == expected["calls"] + result["lost_calls"]
    # No answered call is asked again, but for those in flight when the process died (at most 4 each time).
    again = len(log.read_text().split()) - len(expected_log)
    assert 0 <= again <= 4 * kills
    assert set(log.read_text().split()) == set(expected_log)


@pytest.mark.parametrize("policy", ["halving", "stepwise"])
def test_kills_between_starts_coordinates_and_reused_sentences_change_nothing(
    tmp_path: Path, policy: str
) -> None:
    """Once amid the user's own instructions, once amid sentences that are completed anew."""
    settings: dict[str, Any] = {
        "generator": {"name": "phrases", "latent_dim": 2},
        "scorer": {"name": "obedient", "mistakes": 0.2, "concurrency": 2, "seconds": 0.01},
        "surrogate": "crossing",
        "coordinates": {"manner": {}, "placement": {}, "exemplars": {"examples": 1, "sets": 1}},
        "start": ["Write the input in reverse.", "Say it twice."],
        "search": {"initial": 4, "batch": 6, "rounds": 2},
        "splits": {"validation": 8, "retest": 4, "test": 6},
        "evaluation": {"policy": policy, "first": 2},
    }
    undisturbed = izcore.optimize("mirror", db=tmp_path / "whole.sqlite", settings=settings)
    expected = trials_of(tmp_path / "whole.sqlite", undisturbed.run_id)
    bodies = [trial.candidate.sentence for trial in expected]
    assert len(set(bodies)) < len(bodies) / 2, "sentences are used again"

    db, log = tmp_path / "killed.sqlite", tmp_path / "log"
    toml = write_lines(
        tmp_path / "run.toml", [f"{key} = {in_toml(value)}" for key, value in settings.items()]
    )
    process = start("optimize", "mirror", "--config", str(toml), "--set", f"scorer.log={log}", db=db, log=log)
    for answers in (10, undisturbed.calls // 2):
        while not log.exists() or len(log.read_text().split()) < answers:
            assert process.poll() is None, "the run ended before it could be killed"
            time.sleep(0.005)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process = start("resume", "last", "--json", db=db, log=log)
    output, _ = process.communicate(timeout=120)
    result = json.loads(output)
    assert trials_of(db, result["run_id"]) == expected
    assert result["best"] == json.loads(msgspec.json.encode(undisturbed.best))


def in_toml(value: object) -> str:
    """Write a setting as TOML; JSON but for tables."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {in_toml(each)}" for key, each in value.items()) + "}"
    return json.dumps(value)


def test_ctrl_c_keeps_the_run_and_says_how_to_go_on(tmp_path: Path, iz: Iz) -> None:
    db = tmp_path / "runs.sqlite"
    slow = ("--set", "scorer.seconds=0.05")
    process = subprocess.Popen(
        iz_command("optimize", "mirror", *TOY, *slow),
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    run_id = wait_for_run(db, process)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert f"iz resume {run_id}" in errors
    assert "Traceback" not in errors
    assert output == ""
    with Store(db) as store:
        assert store.run(run_id).status == "interrupted"


def test_a_finished_run_is_not_resumed(iz: Iz) -> None:
    run_id = result_of(iz("optimize", "mirror", *TOY, "--preset", "quick", "--json"))["run_id"]
    assert_explained(iz("resume", run_id), run_id, "finished")
    assert_explained(iz("resume", "nonsense"), "nonsense")


def test_a_run_at_work_belongs_to_its_process_until_that_dies(tmp_path: Path, iz: Iz) -> None:
    db = tmp_path / "runs.sqlite"
    process = start("optimize", "mirror", *TOY, "--set", "scorer.seconds=0.05", db=db, log=tmp_path / "log")
    run_id = wait_for_run(db, process)
    with Store(db) as store:
        while store.run(run_id).status != "running":
            time.sleep(0.05)
    elsewhere = {"IZ_CACHE": str(tmp_path / "another"), "IZ_DATA": str(tmp_path / "other")}
    try:
        for command in (("resume", run_id, "--max-calls", "7"), ("runs", "delete", run_id, "--yes")):
            assert_explained(iz(*command, env=elsewhere), run_id, "another process")
        shown = result_of(iz("runs", "show", run_id, "--json", env=elsewhere))
        assert shown["status"] == "running"
        assert shown["config"]["budget"]["max_calls"] is None
        assert process.poll() is None
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for shown in (
        result_of(iz("runs", "show", run_id, "--json")),
        *result_of(iz("runs", "list", "--json"))["runs"],
    ):
        assert shown["status"] == "interrupted"
    assert iz("runs", "delete", run_id, "--yes").returncode == 0


def test_a_run_that_cannot_go_on_stays_as_it_was(tmp_path: Path) -> None:
    prompts = write_lines(tmp_path / "prompts.txt", ["Write the input in reverse.", "Write it twice."])
    izcore.optimize("mirror", settings=SMALL, **{**BACKENDS, "generator": f"pool:{prompts}"})
    with sqlite3.connect(tmp_path / "runs.sqlite") as db:
        db.execute("UPDATE runs SET status = 'failed', result = NULL")
    db.close()
    before = izcore.runs()
    prompts.unlink()
    with pytest.raises(izcore.UsageError, match="no such file"):
        izcore.resume("last", max_calls=9999, accept_changes=True)
    assert izcore.runs() == before


def test_a_run_that_is_refused_before_anything_was_asked_leaves_nothing_behind(tmp_path: Path) -> None:
    prompts = write_lines(tmp_path / "prompts.txt", ["Write the input in reverse.", "Write it twice."])
    planned = izcore.plan("mirror", settings=SMALL, **{**BACKENDS, "generator": f"pool:{prompts}"})
    prompts.unlink()
    with pytest.raises(izcore.UsageError, match="no such file"):
        izcore.execute(planned)
    assert izcore.runs() == []


def test_two_runs_share_one_database(tmp_path: Path) -> None:
    db = tmp_path / "runs.sqlite"
    quick = ("optimize", "mirror", *TOY, "--preset", "quick", "--json")
    processes = [start(*quick, "--seed", str(seed), db=db, log=tmp_path / "log") for seed in (1, 2, 3)]
    for process in processes:
        process.communicate(timeout=120)
        assert process.returncode == 0
    with Store(db) as store:
        assert [run.status for run in store.runs()] == ["done"] * 3


def test_many_may_open_a_database_that_is_not_there_yet(tmp_path: Path) -> None:
    together = threading.Barrier(6)

    def open_at_once(name: str) -> int:
        together.wait(timeout=60)
        with Store(tmp_path / name) as store:
            return len(store.runs())

    with ThreadPoolExecutor(6) as pool:
        for number in range(30):
            assert list(pool.map(open_at_once, [f"{number}.sqlite"] * 6)) == [0] * 6


def test_a_task_that_changed_since_the_run_began_is_refused(tmp_path: Path, iz: Iz) -> None:
    pytest.importorskip("izcore_tasks")
    data = tmp_path / "pairs.csv"
    data.write_text("input,output\n" + "".join(f"w{i},{i}w\n" for i in range(60)))
    process = start(
        *("optimize", str(data), *TOY, "--set", "scorer.seconds=0.05"),
        db=tmp_path / "runs.sqlite",
        log=tmp_path,
    )
    run_id = wait_for_run(tmp_path / "runs.sqlite", process)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    data.write_text(data.read_text().replace("w7,7w", "w7,changed"))
    assert_explained(iz("resume", run_id), "changed on disk")
