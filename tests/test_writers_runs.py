"""Whole runs: a black box and a writing model of plain Python, and the embedded model once."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from support import Iz, assert_explained, iz_command, result_of, without_times

from izcore.records import Trial
from izcore.store import Store

pytest.importorskip("izcore_writers")

METHODS = ("ape", "opro", "evoprompt-ga", "evoprompt-de")
SMALL = ("--set", "search.initial=6", "--set", "search.batch=5", "--set", "search.rounds=4")
TOYS = ("optimize", "mirror", "--scorer", "obedient", "--set", "generator.writer=scribe", "--json")


def trials_of(db: Path, run_id: str) -> list[Trial]:
    with Store(db) as store:
        return store.trials(run_id)


@pytest.mark.parametrize("method", METHODS)
def test_each_preset_finds_the_instruction_that_its_writer_knows(method: str, iz: Iz) -> None:
    result = result_of(iz(*TOYS, "--preset", method))
    assert result["best"]["instruction"] == "Write the input in reverse."
    assert result["best"]["test"]["score"] == 1.0
    assert [baseline["name"] for baseline in result["baselines"]] == ["no instruction"]


def test_the_writers_calls_count_and_are_free_the_second_time(iz: Iz, tmp_path: Path) -> None:
    log = tmp_path / "calls.jsonl"
    words = (*TOYS, "--generator", "ape", *SMALL, "--log-file", str(log))
    first = result_of(iz(*words))
    calls = [json.loads(line) for line in log.read_text().splitlines()]
    by_asker = {
        asker: sum(call["asker"] == asker for call in calls) for asker in ("scorer", "generator.writer")
    }
    assert by_asker["generator.writer"] == first["trials"] == 26
    assert first["calls"] == sum(by_asker.values())
    again = result_of(iz(*words))
    assert again["calls"] == 0
    free = ("calls", "cached_calls", "tokens", "cost_usd")
    assert without_times(again, *free) == without_times(first, *free)


def test_the_budget_is_a_wall_for_the_writer_too(iz: Iz) -> None:
    for limit in (150, 170, 190):
        result = result_of(iz(*TOYS, "--generator", "opro", *SMALL, "--max-calls", str(limit), "--no-cache"))
        assert result["calls"] <= limit
        assert result["best"]["test"]["n"] > 0


def test_a_writer_that_often_says_nothing_never_writes_an_empty_instruction(iz: Iz) -> None:
    babbling = 'generator.writer={name="scribe", babble=0.7}'
    result = result_of(iz(*TOYS, "--generator", "evoprompt-ga", *SMALL, "--set", babbling))
    exported = json.loads(iz("runs", "export", result["run_id"], "--format", "json").stdout)
    assert all(trial["candidate"]["instruction"] for trial in exported_trials(exported))


def exported_trials(exported: Any) -> list[Any]:
    return exported["trials"] if isinstance(exported, dict) else exported


def test_a_writer_that_says_nothing_ends_the_run_with_an_explanation(iz: Iz) -> None:
    silent = 'generator.writer={name="scribe", babble=1.0}'
    process = iz(*TOYS, "--generator", "ape", *SMALL, "--set", silent)
    assert_explained(process, "gave no instruction", "generator.writer", code=1)


def test_latents_play_no_part_so_the_cheapest_surrogate_does(iz: Iz) -> None:
    words = ("--scorer", "obedient", "--generator", "opro", "--surrogate", "lattice", "--dry-run", "--json")
    planned = json.loads(iz("optimize", "mirror", *words).stdout)
    assert planned["config"]["surrogate"]["name"] == "sobol"


@pytest.mark.parametrize("method", ["opro", "evoprompt-de"])
def test_killing_changes_nothing(method: str, tmp_path: Path) -> None:
    writer = 'generator.writer={name="scribe", seconds=0.01, babble=0.2}'
    slow = ("--set", writer, "--set", "scorer.seconds=0.002", "--set", "scorer.concurrency=4")
    words = (*TOYS, "--generator", method, *SMALL, *slow)

    def start(*arguments: str, db: Path) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            iz_command(*arguments),
            env={**os.environ, "IZ_DB": str(db)},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    undisturbed = start(*words, db=tmp_path / "whole.sqlite")
    expected = json.loads(undisturbed.communicate(timeout=120)[0])
    db = tmp_path / "killed.sqlite"
    process, kills, run_id = start(*words, db=db), 0, ""
    while process.poll() is None:
        with Store(db) as store:
            runs = store.runs()
            done = len(store.trials(runs[0].id)) if runs else 0
        if runs and kills < 4 and done >= 5 * kills:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            kills, run_id = kills + 1, runs[0].id
            process = start("resume", run_id, "--json", db=db)
        time.sleep(0.01)
    assert kills >= 3
    result = json.loads(process.communicate(timeout=120)[0])
    spending = ("calls", "lost_calls", "tokens", "cost_usd")
    assert without_times(result, *spending) == without_times(expected, *spending)
    assert trials_of(db, run_id) == trials_of(tmp_path / "whole.sqlite", expected["run_id"])


@pytest.mark.model
def test_the_embedded_model_writes_and_answers(iz: Iz, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("izcore_transformers")
    monkeypatch.delenv("IZ_CACHE")  # converting the embedded model anew takes too long
    tiny = [
        *("search.initial=3", "search.batch=2", "search.rounds=1"),
        *("splits.validation=5", "splits.test=6"),
    ]
    sizes = [word for setting in tiny for word in ("--set", setting)]
    result = result_of(iz("optimize", "demo", "--preset", "ape", *sizes, "--json"))
    assert result["trials"] == 5
    assert result["unique_instructions"] > 1
    assert 0 <= result["best"]["test"]["score"] <= 1
