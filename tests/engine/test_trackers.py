"""A run keeps a record elsewhere where it is told to, and never fails for it."""

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from support import ROOT, TOY, Iz, assert_explained, result_of, write_lines

import izcore
from izcore.builtins.event_log import EventLog
from izcore.builtins.options import EventLogOptions
from izcore.plugin import BackendContext, PhaseStarted, TrialFinished, UsageError, hookimpl
from izcore.plugin.results import RunResult
from izcore.registry.event_dispatch import HOOK_OF

SHORT: dict[str, Any] = {
    "generator": "phrases",
    "scorer": "obedient",
    "surrogate": "sobol",
}
SMALL = {"search": {"initial": 8, "rounds": 0}, "evaluation": {"policy": "full"}}
RUN = (
    "optimize",
    "mirror",
    *TOY,
    "--set",
    "search.initial=8",
    "--set",
    "search.rounds=0",
)
CONTEXT = BackendContext(seed=0, cache_dir="", data_dir="")
PHASE = PhaseStarted(run_id="r", phase="suggest", round=1, total=3)


def code_of_page() -> list[str]:
    """The Python blocks of the page on tracking."""
    page = ROOT / "docs" / "tracking.md"
    return re.findall(r"^```python\n(.*?)^```$", page.read_text(encoding="utf-8"), re.M | re.S)


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def events_of(path: Path) -> "Counter[str]":
    return Counter(line["event"] for line in lines_of(path))


# --- the event log -------------------------------------------------------------------------------


def test_a_line_per_event_with_the_fields_of_its_record(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    result = izcore.optimize("mirror", trackers=[f"jsonl:{file}"], settings=SMALL, **SHORT)
    lines = lines_of(file)
    assert lines[0]["event"] == "run_started"
    assert lines[0]["config"]["search"]["initial"] == 8
    assert lines[-1]["event"] == "run_finished"
    assert lines[-1]["result"]["best"]["test"]["score"] == 1.0
    times = [line["time"] for line in lines]
    assert times == sorted(times)
    counted = events_of(file)
    assert counted["trial_finished"] == result.trials == 8
    answered = [line for line in lines if line.get("outcome") == "answered"]
    assert len(answered) == counted["calls_answered"] == result.calls
    fields = {hook.removeprefix("izcore_"): set(record.__struct_fields__) for record, hook in HOOK_OF.items()}
    for line in lines:
        left_out = {"prompt"} if line["event"] == "call_finished" else set()
        assert set(line) == {"event", "time"} | fields[line["event"]] - left_out


def test_the_tasks_texts_are_written_only_if_asked_for(tmp_path: Path) -> None:
    without, whole = tmp_path / "without.jsonl", tmp_path / "with.jsonl"
    izcore.optimize("mirror", trackers=[f"jsonl:{without}"], settings=SMALL, **SHORT)
    texts = {"trackers": {"jsonl": {"file": str(whole), "texts": True}}}
    izcore.optimize("mirror", settings={**SMALL, **texts}, **SHORT)
    call = next(line for line in lines_of(whole) if line["event"] == "call_finished")
    word = call["prompt"]["text"].partition("Input: ")[2].split()[0]
    assert word not in without.read_text()
    assert word in whole.read_text()
    (trial, *_) = [line["trial"] for line in lines_of(without) if line["event"] == "trial_finished"]
    assert trial["candidate"]["instruction"]
    assert len(trial["scores"]) == 20
    assert not {"answers", "reasonings"} & set(trial)


def test_each_line_is_in_the_file_at_once_at_the_time_of_the_clock(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    times = iter([10.0, 20.12345])
    log = EventLog(EventLogOptions(file=str(file)), CONTEXT, clock=lambda: next(times))
    log.izcore_phase_started(PHASE)
    assert lines_of(file) == [
        {"event": "phase_started", "time": 10.0, "run_id": "r", "phase": "suggest", "round": 1, "total": 3}
    ]
    log.izcore_phase_started(PHASE)
    assert [line["time"] for line in lines_of(file)] == [10.0, 20.123]
    log.close()


def test_a_torn_line_spoils_no_other(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text('{"event": "run_started"}\n{"event": "trial_fin')
    log = EventLog(EventLogOptions(file=str(file)), CONTEXT)
    log.izcore_phase_started(PHASE)
    log.close()
    first, torn, last = file.read_text().splitlines()
    assert json.loads(first)
    assert torn == '{"event": "trial_fin'
    assert json.loads(last)["phase"] == "suggest"


def test_a_resumed_run_appends(tmp_path: Path, iz: Iz) -> None:
    file, down = tmp_path / "events.jsonl", write_lines(tmp_path / "down", ["yes"])
    off = ("--set", f"scorer.down={down}", "--set", "retries.tries=1")
    stopped = iz(*RUN, *off, "--tracker", f"jsonl:{file}")
    assert stopped.returncode == 1
    before = lines_of(file)
    assert before[-1]["event"] == "run_stopped"
    assert before[-1]["status"] == "failed"
    assert before[-1]["reason"] in stopped.stderr.replace("\n", " ")
    down.unlink()
    assert iz("resume", "last").returncode == 0
    after = lines_of(file)
    assert after[: len(before)] == before
    assert {line["run_id"] for line in after} == {before[0]["run_id"]}
    assert events_of(file)["run_started"] == 2
    assert after[-1]["event"] == "run_finished"


def test_runs_of_a_comparison_share_a_log(tmp_path: Path, iz: Iz) -> None:
    file = tmp_path / "events.jsonl"
    methods = ("--methods", "quick,random", "--seeds", "1", "--max-calls", "200", "--workers", "2")
    size = ("--set", "search.initial=4", "--set", "search.rounds=0", "--set", "splits.test=5")
    backends = ("--generator", "phrases", "--scorer", "obedient", *size)
    result = result_of(iz("compare", "mirror", *methods, *backends, "--tracker", f"jsonl:{file}", "--json"))
    finished = {line["run_id"] for line in lines_of(file) if line["event"] == "run_finished"}
    assert finished == {run for method in result["methods"] for run in method["runs"]}
    assert len(finished) == 2


def test_the_page_reads_a_log(iz: Iz, tmp_path: Path) -> None:
    assert iz(*RUN, "--tracker", "jsonl:events.jsonl", cwd=tmp_path).returncode == 0
    (program,) = [block for block in code_of_page() if block.startswith("import json")]
    printed = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path
    ).stdout.splitlines()
    assert len(printed) == 8
    assert "7 1.0 Write the input in reverse." in printed


# --- naming trackers -----------------------------------------------------------------------------


def test_no_tracker_works_unless_a_run_names_it(tmp_path: Path, iz: Iz) -> None:
    assert iz(*RUN, "--dry-run", "--tracker", f"jsonl:{tmp_path / 'dry.jsonl'}").returncode == 0
    assert iz(*RUN, cwd=tmp_path).returncode == 0
    assert not list(tmp_path.rglob("*.jsonl"))


def test_trackers_of_file_and_command_line_add_up_and_later_options_win(tmp_path: Path, iz: Iz) -> None:
    config = write_lines(
        tmp_path / "run.toml", ["[trackers.jsonl]", f'file = "{tmp_path / "a.jsonl"}"', "texts = true"]
    )
    other = f"trackers.jsonl.file={tmp_path / 'b.jsonl'}"
    shown = result_of(iz(*RUN, "--config", str(config), "--set", other, "--dry-run", "--json"))
    (chosen,) = shown["config"]["trackers"]
    assert chosen == {"name": "jsonl", "options": {"file": str(tmp_path / "b.jsonl"), "texts": True}}
    assert "trackers.jsonl.texts" in iz("plugins", "show", "jsonl").stdout


@pytest.mark.parametrize(
    ("wrong", "mentions"),
    [
        (("--tracker", "jsnol:x"), ("no tracker named 'jsnol'", "jsonl")),
        (("--tracker", "jsonl"), ("trackers.jsonl", "file")),
        (("--set", "trackers.jsonl.fiel=x"), ("trackers.jsonl.fiel: unknown option",)),
        (("--set", "trackers=[3]"), ("trackers", "names")),
        (("--set", "trackers.jsonl=x"), ("trackers.jsonl: a table is wanted",)),
        (("--set", "trakcers.jsonl.file=x"), ("trakcers: unknown key", "trackers")),
    ],
)
def test_what_is_wrong_is_named_before_the_run(
    wrong: tuple[str, ...], mentions: tuple[str, ...], iz: Iz
) -> None:
    assert_explained(iz(*RUN, *wrong), *mentions)
    assert result_of(iz("runs", "list", "--json"))["runs"] == []


# --- trackers that fail --------------------------------------------------------------------------


def plugin_folder(tmp_path: Path, module: str, code: str) -> dict[str, str]:
    """An environment in which a module is an installed plugin."""
    info = tmp_path / "site" / f"{module}-1.0.dist-info"
    info.mkdir(parents=True)
    (info.parent / f"{module}.py").write_text(code)
    write_lines(info / "METADATA", ["Metadata-Version: 2.1", f"Name: {module}", "Version: 1.0"])
    write_lines(info / "entry_points.txt", ["[izcore]", f"{module} = {module}"])
    return {"PYTHONPATH": str(info.parent)}


MOODY = """
from izcore.plugin import TrackerRegistration, Options, hookimpl

IZCORE_API = 1


class MoodyOptions(Options):
    when: str = "trial"


class Moody:
    def __init__(self, options, context):
        self._when = options.when
        self._fail("start")

    @hookimpl
    def izcore_run_started(self, event):
        print("not for standard output")

    @hookimpl
    def izcore_trial_finished(self, event):
        print(f"moody saw {event.trial.index}.")
        if event.trial.index == 2:
            self._fail("trial")

    def close(self):
        print("moody closes.")
        self._fail("close")

    def _fail(self, when):
        if when == self._when:
            raise RuntimeError(f"no answer from https://me:secret@board.example/{when}")


@hookimpl
def izcore_trackers():
    return [
        TrackerRegistration(
            name="moody", summary="Fails", factory="moody:Moody", options=MoodyOptions, argument="when"
        ),
        TrackerRegistration(name="absent", summary="Lacks a package", factory="not_installed.at_all:Absent"),
    ]
"""


@pytest.fixture
def moody(tmp_path: Path) -> dict[str, str]:
    """An environment with a plugin of trackers that fail."""
    return plugin_folder(tmp_path, "moody", MOODY)


def test_the_tracker_of_the_page_works(tmp_path: Path, iz: Iz) -> None:
    (code,) = [block for block in code_of_page() if block.startswith("# izcore_board.py")]
    environment = plugin_folder(tmp_path, "izcore_board", code)
    down = write_lines(tmp_path / "down", ["yes"])
    off = ("--set", f"scorer.down={down}", "--set", "retries.tries=1", "--tracker", "board:wall.txt")
    assert iz(*RUN, *off, env=environment, cwd=tmp_path).returncode == 1
    down.unlink()
    assert iz("resume", "last", env=environment, cwd=tmp_path).returncode == 0
    stopped, *trials, test = (tmp_path / "wall.txt").read_text().splitlines()
    assert stopped.startswith("failed: ")
    assert [line.split(":")[0] for line in trials] == [f"trial {i}" for i in range(8)]
    assert test == "test: 1.0"


@pytest.mark.parametrize("when", ["start", "trial", "close"])
def test_a_tracker_that_fails_is_reported_once_and_the_run_ends_well(
    when: str, moody: dict[str, str], tmp_path: Path, iz: Iz
) -> None:
    file = tmp_path / "events.jsonl"
    both = ("--tracker", f"moody:{when}", "--tracker", f"jsonl:{file}", "--json")
    process = iz(*RUN, *both, env=moody)
    assert result_of(process)["status"] == "done"
    said = " ".join(process.stderr.split())
    assert said.count("The observer 'tracker moody' ") == 1
    assert "the run goes on without it" in said
    assert f"https://board.example/{when}" in said
    assert "secret" not in said
    seen = said.count("moody saw")
    assert seen == {"start": 0, "trial": 3, "close": 8}[when]
    assert ("moody closes." in said) == (when != "start")
    assert events_of(file)["trial_finished"] == 8


def test_a_tracker_that_lacks_a_package_says_so(moody: dict[str, str], iz: Iz) -> None:
    process = iz(*RUN, "--tracker", "absent", "--json", env=moody)
    assert result_of(process)["status"] == "done"
    assert "pip install moody" in process.stderr


def test_a_run_is_resumed_where_its_tracker_is_not_installed(
    moody: dict[str, str], tmp_path: Path, iz: Iz
) -> None:
    down = write_lines(tmp_path / "down", ["yes"])
    off = ("--set", f"scorer.down={down}", "--set", "retries.tries=1")
    assert iz(*RUN, *off, "--tracker", "moody:never", env=moody).returncode == 1
    down.unlink()
    resumed = iz("resume", "last", "--json")
    assert result_of(resumed)["status"] == "done"
    assert "no tracker named 'moody'" in " ".join(resumed.stderr.split())


def test_a_log_that_cannot_be_written_stops_no_run(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match=r"trackers\.jsonl\.file"):
        result = izcore.optimize("mirror", trackers=[f"jsonl:{tmp_path}"], settings=SMALL, **SHORT)
    assert isinstance(result, RunResult)
    with pytest.raises(UsageError):
        EventLog(EventLogOptions(file=str(tmp_path)), CONTEXT)


def test_observers_of_the_python_api_observe_their_run_beside_trackers(tmp_path: Path) -> None:
    seen: list[int] = []

    class Diary:
        @hookimpl
        def izcore_trial_finished(self, event: TrialFinished) -> None:
            seen.append(event.trial.index)

    file = tmp_path / "events.jsonl"
    registry = izcore.discover()
    for seed in (0, 1):
        izcore.optimize(
            "mirror",
            trackers=[f"jsonl:{file}"],
            settings={**SMALL, "seed": seed},
            observers={f"diary {seed}": Diary()},
            registry=registry,
            **SHORT,
        )
    assert events_of(file)["run_finished"] == 2
    assert sorted(seen) == sorted([*range(8), *range(8)]), "each observes its own run"
