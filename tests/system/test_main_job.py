"""The main job on real parts: every shared task, the embedded model, the Gaussian process."""

import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from support import SHARED, Iz, iz_command, result_of, shared_data, without_times
from support.in_process import called

from izcore.storage.store import Store

SHARED_TASKS = sorted(path.stem for path in SHARED.glob("data/instruction_induction/induce/*.json"))
REAL = (
    *("--preset", "quick", "--metric", "contains", "--json"),
    *("--set", "search.initial=6", "--set", "search.batch=3", "--set", "search.rounds=1"),
    *("--set", "splits.validation=8", "--set", "splits.test=12"),
    *("--set", "generator.max_new_tokens=24", "--set", "generator.scale=1.0"),
    *("--set", "scorer.max_new_tokens=8"),
)


def result_here(*arguments: str) -> dict[str, Any]:
    """What ``iz --json`` says within this process: one for each of many tasks takes its time to start."""
    code, out, err = called(*arguments, "--json")
    assert code == 0, err
    result: dict[str, Any] = json.loads(out)
    return result


@pytest.mark.parametrize("task", SHARED_TASKS or ["absent"])
def test_every_shared_task_runs_by_path(task: str) -> None:
    path = shared_data("instruction_induction", "induce", f"{task}.json")
    toys = ("--generator", "phrases", "--scorer", "obedient", "--surrogate", "sobol")
    small = ("--set", "search.rounds=0", "--set", "search.initial=3")
    result = result_here("optimize", str(path), *toys, *small)
    assert result["status"] == "done"
    assert result["best"]["test"]["n"] >= 10


def test_every_shared_task_runs_by_name_after_fetch(iz: Iz) -> None:
    fetched = result_of(iz("tasks", "fetch", "--from", str(shared_data("instruction_induction")), "--json"))
    assert set(SHARED_TASKS) <= set(fetched["fetched"])
    toys = ("--generator", "phrases", "--scorer", "obedient", "--surrogate", "sobol")
    for task in ("antonyms", "cause_and_effect", "translation_en-de"):
        small = ("--set", "search.rounds=0", "--set", "search.initial=2")
        assert result_here("optimize", task, *toys, *small)["task"] == task
    for task in SHARED_TASKS:
        assert result_here("tasks", "check", task)["usable"]


@pytest.fixture
def converted_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use the developer's own cache for the converted model, which takes long to make anew."""
    monkeypatch.delenv("IZ_CACHE")


@pytest.mark.model
@pytest.mark.usefixtures("converted_model")
def test_the_embedded_model_writes_and_answers_and_a_kill_changes_nothing(iz: Iz, tmp_path: Path) -> None:
    task = str(shared_data("instruction_induction", "induce", "larger_animal.json"))
    expected = result_of(iz("optimize", task, *REAL, "--db", str(tmp_path / "whole.sqlite")))
    assert expected["calls"] > 0
    assert expected["best"]["instruction"]
    assert [b["name"] for b in expected["baselines"]] == [
        "no instruction",
        "generator without soft prompt",
        *(["no instruction, same exemplars"] if expected["best"].get("exemplars") else []),
    ]

    db = tmp_path / "killed.sqlite"
    command = iz_command("optimize", task, *REAL, "--db", str(db))
    moments = random.Random(3)
    run_id = ""
    for _ in range(4):
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
        )
        while not run_id:
            if db.exists():
                with Store(db) as store:
                    run_id = next((run.id for run in store.runs()), "")
            time.sleep(0.05)
        try:
            process.communicate(timeout=moments.uniform(4, 12))
            break
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        command = iz_command("resume", run_id, "--json", "--db", str(db))
    else:
        iz("resume", run_id, "--json", "--db", str(db))
    result = result_of(iz("runs", "show", run_id, "--json", "--db", str(db)))["result"]
    assert without_times(result) == without_times(expected)
    with Store(db) as killed, Store(tmp_path / "whole.sqlite") as whole:
        assert killed.trials(run_id) == whole.trials(expected["run_id"])


@pytest.mark.model
@pytest.mark.usefixtures("converted_model")
def test_the_paper_preset_runs_on_the_embedded_model(iz: Iz, tmp_path: Path) -> None:
    task = str(shared_data("instruction_induction", "induce", "sentiment.json"))
    small = (
        *("--set", "search.initial=4", "--set", "search.batch=2", "--set", "search.rounds=1"),
        *("--set", "splits.validation=6", "--set", "splits.test=6", "--set", "generator.max_new_tokens=16"),
    )
    models = ("--generator", "hf:smollm2-135m", "--scorer", "hf:smollm2-135m")
    result = result_of(iz("optimize", task, "--preset", "paper", *models, *small, "--json"))
    assert result["trials"] == 6
    surrogate = result_of(iz("runs", "show", result["run_id"], "--json"))["config"]["surrogate"]
    assert surrogate["name"] == "instruction-coupled"
    assert surrogate["options"]["optimizer"] == "cmaes"
    assert surrogate["options"]["acquisition"] == "ei"
