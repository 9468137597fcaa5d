"""Real runs, real MLflow stores, read back with MLflow's own client."""

import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run
from support.servers.protocol_server import Failure, ProtocolServer

import izcore
from izcore.plugin import BackendContext, BackendError, IzError, RunStarted
from izcore_mlflow.options import MlflowOptions
from izcore_mlflow.tracker import BATCH, MlflowTracker

PLANTED = "sk-planted-0123456789abcdef"
RUN: dict[str, Any] = {
    "generator": "phrases",
    "scorer": "obedient",
    "surrogate": "sobol",
    "preset": "uniform-halving",
    "settings": {
        "search": {"initial": 8, "rounds": 0},
        "splits": {"retest": 0},
        "evaluation": {"policy": "full"},
    },
}


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with MLflow's tables, which take it seconds to make."""
    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    MlflowClient(tracking_uri=f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def uri(empty_store: Path, tmp_path: Path) -> str:
    shutil.copy(empty_store, tmp_path / "mlflow.db")
    return f"sqlite:///{tmp_path / 'mlflow.db'}"


def runs_in(uri: str, experiment: str = "izcore") -> list[Run]:
    client = MlflowClient(tracking_uri=uri)
    found = client.get_experiment_by_name(experiment)
    assert found is not None
    return list(client.search_runs([found.experiment_id]))


def curve(uri: str, run: Run, name: str) -> dict[int, float]:
    history = MlflowClient(tracking_uri=uri).get_metric_history(run.info.run_id, name)
    return {metric.step: metric.value for metric in history}


def check_record_of(result: izcore.RunResult, uri: str, folder: Path) -> None:
    (run,) = runs_in(uri, "mine")
    assert result.best is not None
    assert result.best.test is not None
    assert run.info.status == "FINISHED"
    assert run.info.run_name == run.data.tags["izcore.run_id"] == result.run_id
    assert run.data.tags["izcore.task"] == "mirror"
    assert run.data.tags["izcore.instruction"] == result.best.instruction
    assert run.data.tags["izcore.conclusion"] == result.conclusion
    assert run.data.params["search.initial"] == "8"
    assert run.data.params["scorer.options.model"] == "obedient-1"
    trials = izcore.run(result.run_id, db=folder / "runs.sqlite").trials
    assert curve(uri, run, "validation_mean") == {trial.index: trial.mean for trial in trials}
    assert set(curve(uri, run, "validation_n").values()) == {20}
    best = curve(uri, run, "best_so_far")
    assert list(best.values()) == sorted(best.values())
    assert max(best.values()) == result.best.validation.score
    calls = curve(uri, run, "calls")
    assert 0 < calls[0] <= calls[7] < result.calls
    final = run.data.metrics
    test = result.best.test
    assert (final["test_mean"], final["test_low"], final["test_high"]) == (test.score, test.low, test.high)
    assert final["lead_over/no_instruction"] == result.baselines[0].difference
    client = MlflowClient(tracking_uri=uri)
    kept = Path(client.download_artifacts(run.info.run_id, "instruction.txt", str(folder)))
    assert kept.read_text() == result.best.instruction
    kept = Path(client.download_artifacts(run.info.run_id, "result.json", str(folder)))
    assert msgspec.json.decode(kept.read_bytes(), type=izcore.RunResult) == result


def test_a_run_is_on_record_in_a_database(uri: str, tmp_path: Path) -> None:
    settings = {**RUN["settings"], "trackers": {"mlflow": {"tracking_uri": uri, "experiment": "mine"}}}
    result = izcore.optimize("mirror", **{**RUN, "settings": settings})
    check_record_of(result, uri, tmp_path)


def test_a_run_is_on_record_in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    uri = (tmp_path / "mlruns").as_uri()
    settings = {**RUN["settings"], "trackers": {"mlflow": {"tracking_uri": uri, "experiment": "mine"}}}
    result = izcore.optimize("mirror", **{**RUN, "settings": settings})
    check_record_of(result, uri, tmp_path)


def test_a_resumed_run_goes_on_with_its_mlflow_run(uri: str, tmp_path: Path) -> None:
    down = tmp_path / "down"

    class SwitchesOff:
        """Makes the scorer unreachable after three trials."""

        @izcore.plugin.hookimpl
        def izcore_trial_finished(self, event: Any) -> None:
            if event.trial.index == 2:
                down.touch()

    settings = {
        "search": {"initial": 2, "batch": 2, "rounds": 3},
        "scorer": {"down": str(down)},
        "retries": {"tries": 1},
    }
    with pytest.raises(BackendError) as caught:
        izcore.optimize(
            "mirror",
            trackers=[f"mlflow:{uri}"],
            observers={"off": SwitchesOff()},
            **{**RUN, "settings": settings},
        )
    (stopped,) = runs_in(uri)
    assert stopped.info.status == "FAILED"
    assert stopped.data.tags["izcore.stopped"] == f"failed: {caught.value.message}"
    before = curve(uri, stopped, "validation_mean")
    assert before
    down.unlink()
    result = izcore.resume("last", max_calls=5000)
    (run,) = runs_in(uri)
    assert run.info.run_id == stopped.info.run_id
    assert run.info.status == "FINISHED"
    assert set(curve(uri, run, "validation_mean")) == set(range(result.trials))
    assert run.data.params["budget.max_calls"] == "null"


def test_ctrl_c_is_killed(uri: str) -> None:
    class Interrupts:
        @izcore.plugin.hookimpl
        def izcore_trial_finished(self, event: Any) -> None:
            raise KeyboardInterrupt

    with pytest.raises(izcore.plugin.errors.InterruptedRunError):
        izcore.optimize("mirror", trackers=[f"mlflow:{uri}"], observers={"c": Interrupts()}, **RUN)
    (run,) = runs_in(uri)
    assert run.info.status == "KILLED"


def test_what_nobody_ended_is_failed_and_many_settings_are_no_trouble(uri: str) -> None:
    settings = {"prices": {f"a model/{i}@home": {"input": i, "output": 1.5} for i in range(BATCH)}}
    started = RunStarted(run_id="r", task="t", trials=1, config={**settings, "prompt_template": "x" * 20_000})
    tracker = MlflowTracker(
        MlflowOptions(tracking_uri=uri), BackendContext(seed=0, cache_dir="", data_dir="")
    )
    tracker.izcore_run_started(started)
    (run,) = runs_in(uri)
    assert run.info.status == "RUNNING"
    assert run.data.params["prices.a model/7_home.input"] == "7"
    assert len(run.data.params) == 2 * BATCH + 1
    tracker.close()
    assert runs_in(uri)[0].info.status == "FAILED"


def test_a_server_that_is_away_stops_no_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:secret@127.0.0.1:9")
    with pytest.warns(UserWarning, match="tracker mlflow") as warned:
        result = izcore.optimize("mirror", trackers=["mlflow"], **RUN)
    assert result.status == "done"
    assert len(warned) == 1
    assert "secret" not in str(warned[0].message)


def test_a_planted_key_reaches_no_store(uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", PLANTED)
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", PLANTED)
    (tmp_path / "prompts.txt").write_text("Write it backwards.\n")
    with ProtocolServer() as server:
        server.behave = lambda call: Failure(401, f"Incorrect API key provided: {call.key}")
        with pytest.raises(IzError):
            izcore.optimize(
                "mirror",
                generator=f"pool:{tmp_path / 'prompts.txt'}",
                scorer="openai:test-model",
                trackers=[f"mlflow:{uri}", f"jsonl:{tmp_path / 'events.jsonl'}"],
                settings={"scorer": {"base_url": server.openai_url}},
                preset="uniform-halving",
            )
        assert server.calls[0].key == PLANTED
    (run,) = runs_in(uri)
    assert "API key" in run.data.tags["izcore.stopped"]
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(b"".join(written)) > 100_000
    assert not [content for content in written if PLANTED.encode() in content]
