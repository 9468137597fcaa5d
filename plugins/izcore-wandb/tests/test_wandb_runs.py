"""Real runs in wandb's own offline mode; what it wrote is read back from its files."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import wandb
from offline_runs import offline_runs
from support import iz_command
from support.servers.protocol_server import Failure, ProtocolServer

import izcore
from izcore.plugin import CallsAnswered, hookimpl

PLANTED = "0123456789abcdef0123456789abcdef01234567"
RUN: dict[str, Any] = {
    "generator": "phrases",
    "scorer": "obedient",
    "surrogate": "sobol",
    "preset": "uniform-halving",
}


def small(folder: Path, mode: str = "offline") -> dict[str, Any]:
    """Settings of a short run. wandb remembers the folder that it was first used in; so name one."""
    tracker = {"project": "mine", "mode": mode, "dir": str(folder)}
    return {
        "search": {"initial": 8, "rounds": 0},
        "splits": {"retest": 0},
        "evaluation": {"policy": "full"},
        "trackers": {"wandb": tracker},
    }


def test_a_run_is_on_record_beside_one_of_the_users_own(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    mine = wandb.init(project="another", mode="offline", dir=elsewhere, settings={"silent": True})
    result = izcore.optimize("mirror", settings=small(tmp_path), **RUN)
    mine.log({"still": "mine"})
    mine.finish()
    (other,) = offline_runs(elsewhere)
    assert (other.project, len(other.history)) == ("another", 1)
    (run,) = offline_runs(tmp_path / "wandb")
    assert result.best is not None
    assert result.best.test is not None
    assert (run.id, run.project, run.group) == (result.run_id, "mine", "mirror")
    assert run.config["search"]["initial"] == 8
    assert run.config["scorer"]["name"] == "obedient"
    trials = izcore.run(result.run_id).trials
    assert {step: values["validation_mean"] for step, values in run.history.items()} == {
        trial.index: trial.mean for trial in trials
    }
    assert run.history[7]["best_so_far"] == result.best.validation.score
    assert 0 < run.history[0]["calls"] <= run.history[7]["calls"] < result.calls
    assert run.summary["test_mean"] == result.best.test.score
    assert run.summary["test_low"] == result.best.test.low
    assert run.summary["lead_over/no_instruction"] == result.baselines[0].difference
    assert run.summary["instruction"] == result.best.instruction
    assert run.summary["conclusion"] == result.conclusion
    assert run.exit_code == 0


def test_a_resumed_run_has_the_same_id(tmp_path: Path) -> None:
    class Interrupts:
        @hookimpl
        def izcore_calls_answered(self, event: CallsAnswered) -> None:
            if event.calls == 50:
                raise KeyboardInterrupt

    with pytest.raises(izcore.plugin.errors.InterruptedRunError):
        izcore.optimize("mirror", settings=small(tmp_path), observers={"c": Interrupts()}, **RUN)
    result = izcore.resume("last")
    first, second = offline_runs(tmp_path / "wandb")
    assert first.id == second.id == result.run_id
    assert first.summary["stopped"].startswith("interrupted")
    assert (first.exit_code, second.exit_code) == (1, 0)
    assert set(first.history) | set(second.history) == set(range(8))
    assert not set(first.history) & set(second.history)


def test_without_a_key_nobody_is_asked_and_the_run_goes_on(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match=r"tracker wandb(.|\n)*WANDB_API_KEY") as warned:
        result = izcore.optimize("mirror", settings=small(tmp_path, mode="online"), **RUN)
    assert result.status == "done"
    assert len(warned) == 1
    assert not list(tmp_path.rglob("*.wandb"))


def test_a_planted_key_reaches_no_file(tmp_path: Path) -> None:
    (tmp_path / "prompts.txt").write_text("Write it backwards.\n")
    keys = {"OPENAI_API_KEY": PLANTED, "WANDB_API_KEY": PLANTED}
    with ProtocolServer() as server:
        server.behave = lambda call: Failure(401, f"Incorrect API key provided: {call.key}")
        run = (
            "optimize",
            "mirror",
            "--generator",
            f"pool:{tmp_path / 'prompts.txt'}",
            "--preset",
            "uniform-halving",
        )
        scorer = ("--scorer", "openai:test-model", "--set", f"scorer.base_url={server.openai_url}")
        tracker = ("--tracker", "wandb", "--set", "trackers.wandb.mode=offline")
        process = subprocess.run(
            iz_command(*run, *scorer, *tracker),
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, **keys},
        )
        assert server.calls[0].key == PLANTED
    assert process.returncode == 1
    (run_,) = offline_runs(tmp_path / "wandb")
    assert "API key" in run_.summary["stopped"]
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    written += [process.stdout.encode(), process.stderr.encode()]
    assert len(b"".join(written)) > 10_000
    assert not [content for content in written if PLANTED.encode() in content]
