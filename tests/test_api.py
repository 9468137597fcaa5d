"""The Python API has the power of the command line, also where an event loop is running."""

import asyncio
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import izcore
from izcore.plugin import RunFinished, RunStarted, TrialFinished, hookimpl
from izcore.plugin.errors import BudgetExhaustedError, ConfigError, IzError, UsageError
from izcore.plugin.results import RunResult
from izcore.storage.store import Store

BACKENDS: dict[str, Any] = {
    "generator": "phrases",
    "scorer": "obedient",
    "surrogate": "sobol",
}


@pytest.fixture(autouse=True)
def hundred_sentences(own_folders: None) -> None:
    """Runs here search a hundred sentences alone, unless they say otherwise."""
    own = Path(os.environ["IZ_CONFIG"]) / "izcore.toml"
    own.write_text('preset = "uniform-halving"\n[search]\nrounds = 1\n[splits]\ntest = 60\n')


class Diary:
    """An observer that writes down what it sees."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    @hookimpl
    def izcore_run_started(self, event: RunStarted) -> None:
        self.seen.append(f"started {event.trials}")

    @hookimpl
    def izcore_trial_finished(self, event: TrialFinished) -> None:
        self.seen.append(f"trial {event.trial.index}")

    @hookimpl
    def izcore_run_finished(self, event: RunFinished) -> None:
        self.seen.append(f"finished {event.result.status}")


class Grumbler:
    """An observer that always fails."""

    @hookimpl
    def izcore_trial_finished(self, event: TrialFinished) -> None:
        raise RuntimeError("I do not like this trial")


def test_optimize_returns_the_result_and_tells_observers() -> None:
    diary = Diary()
    result = izcore.optimize("mirror", observers={"diary": diary}, **BACKENDS)
    assert result.best is not None
    assert "reverse" in result.best.instruction
    assert diary.seen == ["started 100", *(f"trial {i}" for i in range(100)), "finished done"]
    assert izcore.runs()[0].result == result


def test_an_observer_that_fails_is_named_and_left_out() -> None:
    diary = Diary()
    with pytest.warns(UserWarning, match="grumbler.*I do not like this trial") as warned:
        izcore.optimize("mirror", observers={"a-grumbler": Grumbler(), "diary": diary}, **BACKENDS)
    assert len([each for each in warned if "grumbler" in str(each.message)]) == 1
    assert "trial 99" in diary.seen


def test_it_works_within_a_running_event_loop() -> None:
    async def notebook_cell() -> RunResult:
        return izcore.optimize("mirror", **BACKENDS)

    assert asyncio.run(notebook_cell()).status == "done"


def test_score_plan_and_settings() -> None:
    score = izcore.score("mirror", "Write the input in reverse.", scorer="obedient", settings={"seed": 3})
    assert score.test.score == 1.0
    planned = izcore.plan("mirror", settings={"search": {"rounds": 0}}, **BACKENDS)
    assert planned.estimate.trials == 50
    with pytest.raises(ConfigError, match=r"search\.rounds"):
        izcore.plan("mirror", settings={"search": {"rounds": "several"}}, **BACKENDS)


def test_a_plan_is_carried_out_and_its_calls_are_logged(tmp_path: Path) -> None:
    planned = izcore.plan("mirror", settings={"search": {"rounds": 0}}, **BACKENDS)
    announced: list[str] = []
    log = tmp_path / "calls.jsonl"
    result = izcore.execute(planned, log_file=log, log_text=True, announce=announced.append)
    assert announced == [result.run_id]
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert {line["run_id"] for line in lines} == {result.run_id}
    assert lines[0]["prompt"]
    with pytest.raises(UsageError, match="there is no log"):
        izcore.execute(planned, log_text=True)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: izcore.optimize("mirror", scoer="x"), "izcore.optimize has no option 'scoer'"),
        (lambda: izcore.plan("mirror", scoer="x"), "izcore.plan has no option 'scoer'"),
        (lambda: izcore.score("mirror", "Reverse.", scoer="x"), "izcore.score has no option 'scoer'"),
        (lambda: izcore.resume("last", max_call=3), "izcore.resume has no option 'max_call'"),
        (
            lambda: izcore.compare("mirror", [], max_calls=3, scoer="x"),
            "izcore.compare has no option 'scoer'",
        ),
    ],
)
def test_a_misspelt_option_is_an_error_for_people(call: Any, message: str) -> None:
    with pytest.raises(izcore.UsageError) as caught:
        call()
    assert caught.value.message == f"{message}."
    assert caught.value.hint.startswith(("Did you mean scorer", "Did you mean max_calls"))


def test_a_type_checker_sees_a_misspelt_option(tmp_path: Path) -> None:
    if importlib.util.find_spec("mypy") is None:
        pytest.skip("mypy is not installed")
    script = tmp_path / "script.py"
    script.write_text(
        "import izcore\n"
        "izcore.optimize('mirror', scoer='obedient')\n"
        "izcore.score('mirror', 'Reverse.', scorer=3)\n"
        "best: izcore.Best | None = izcore.optimize('mirror', scorer='obedient').best\n"
    )
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), str(script)],
        check=False,
        capture_output=True,
        text=True,
    )
    errors = [line for line in checked.stdout.splitlines() if "error" in line and "script.py" in line]
    assert len(errors) == 2, checked.stdout + checked.stderr
    assert 'Unexpected keyword argument "scoer" for "optimize"; did you mean "scorer"?' in errors[0]
    assert 'expected "str | ' in errors[1]


def test_a_run_that_ran_out_of_budget_goes_on_with_a_higher_limit(tmp_path: Path) -> None:
    settings = {"splits": {"test": 5}, "scorer": {"mistakes": 0.2}}
    with pytest.raises(UsageError, match="no room for the final test"):
        izcore.optimize("mirror", max_tokens=30, settings=settings, **BACKENDS)
    # Instructions that are longer than anybody could know.
    long = {**settings, "generator": {"phrases": [f"Reverse{' please' * 2000}."]}}
    with pytest.raises(BudgetExhaustedError, match="No trial was completed") as caught:
        izcore.optimize("mirror", max_tokens=1400, settings=long, **BACKENDS)
    assert caught.value.exit_code == 3
    run = izcore.runs()[0]
    assert run.status == "out_of_budget"
    assert izcore.resume(run.id, max_tokens=100_000).status == "done"


def test_a_user_defined_metric(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_metric.py").write_text(
        "def length(answer, targets):\n    return min(1.0, len(answer) / 10)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    result = izcore.optimize("mirror", metric="function:my_metric:length", **BACKENDS)
    assert result.best is not None
    assert "twice" in result.best.instruction
    with pytest.raises(IzError, match="my_metric"):
        izcore.optimize("mirror", metric="function:my_metric:lenght", **BACKENDS)


def test_store_keeps_what_it_is_given(tmp_path: Path) -> None:
    result = izcore.optimize("mirror", **BACKENDS)
    with Store(Path(os.environ["IZ_DB"])) as store:
        record = store.run("last")
        assert store.run(record.id[:-1]).id == record.id
        trials = store.trials(record.id)
        assert [trial.index for trial in trials] == list(range(100))
        reused = [trial for trial in trials if trial.reused is not None]
        assert len(trials) - len(reused) == result.unique_instructions
        for trial in reused:
            first = trials[trial.reused or 0]
            assert first.candidate.instruction == trial.candidate.instruction
            # A finalist was scored on fresh examples later.
            assert (first.scores[: len(trial.scores)], trial.calls) == (trial.scores, 0)
        assert sum(trial.calls for trial in trials) < result.calls
        store.delete_run(record.id)
        assert store.runs() == []
