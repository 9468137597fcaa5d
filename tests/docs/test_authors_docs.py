"""The pages for plugin authors are whole: every hook, argument, field and method; and their examples work."""

import inspect
import json
import os
import re
import shlex
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from support import Iz, assert_explained, iz_command, result_of, write_lines
from support.pages import generated_reference
from support.plugin_examples import ENTRY_POINTS, EXAMPLES, TUTORIAL, install_examples, install_plugins
from tutorial_check import script_of_tutorial

import izcore
from izcore import plugin
from izcore.plugin import hookspecs
from izcore.plugin.errors import FatalScorerError
from izcore.plugin.kinds import KINDS
from izcore.plugin.record import Record

PAGES = EXAMPLES.parent
HEADING = re.compile(r"^### `(\w+)`\n\n(.*?)(?=^#|\Z)", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| (`\w+`) \| (.*?) \| (.*?) \| (.+) \|$", re.MULTILINE)
INCLUDE = re.compile(r"^```\{literalinclude\} (.*)$", re.MULTILINE)
HOOKS = {name: hook for name, hook in vars(hookspecs).items() if name.startswith("izcore_")}
PROTOCOLS = {
    "generators.md": plugin.Generator,
    "scorers.md": plugin.Scorer,
    "surrogates.md": plugin.Surrogate,
    "tasks.md": plugin.Task,
    "metrics.md": plugin.Metric,
    "observers.md": plugin.Tracker,
    "evaluation-policies.md": plugin.EvaluationPolicy,
    "executors.md": plugin.Executor,
}
BACKWARDS = "Write the input backwards."


def texts() -> dict[str, str]:
    return {page.name: page.read_text(encoding="utf-8") for page in sorted(PAGES.glob("*.md"))}


def records() -> dict[str, type[Record]]:
    """The records that a plugin gets, or makes: all that the one module for authors holds."""
    named = {name: getattr(plugin, name) for name in plugin.__all__}
    return {
        name: found
        for name, found in named.items()
        if isinstance(found, type) and issubclass(found, Record) and found is not Record
    }


# --- nothing is left out -------------------------------------------------------------------------


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_and_argument_is_documented(hook: str) -> None:
    found = {name: text for name, text in texts().items() if name != "index.md" and f"`{hook}`" in text}
    assert found, f"{hook} is on no page of its own in docs/authors"
    for argument, kind in inspect.get_annotations(HOOKS[hook]).items():
        if argument != "return":
            row = f"| `{hook}` | [`{kind.__name__}`](#{kind.__name__.lower()}) |"
            assert any(row in text and f"`{argument}`" in text for text in found.values()), (hook, argument)


@pytest.mark.parametrize("record", records())
def test_every_field_is_documented(record: str) -> None:
    sections = [
        match[2] for text in texts().values() for match in HEADING.finditer(text) if match[1] == record
    ]
    assert len(sections) == 1, f"{record} has {len(sections)} headings in docs/authors"
    rows = ROW.findall(sections[0])
    assert [row[:3] for row in rows] == generated_reference("plugin_api").record_fields(records()[record])
    assert all(meaning.strip() for *_, meaning in rows)


@pytest.mark.parametrize("page", PROTOCOLS)
def test_every_method_is_documented(page: str) -> None:
    for name, method in inspect.getmembers(PROTOCOLS[page], inspect.isfunction):
        if not name.startswith("_"):
            arguments = [argument for argument in inspect.signature(method).parameters if argument != "self"]
            assert f"`{name}({', '.join(arguments)})`" in texts()[page]


@pytest.mark.parametrize("error", ["TransientScorerError", "FatalScorerError"])
def test_what_an_error_carries_is_documented(error: str) -> None:
    assert f"`{error}`\n: " in texts()["scorers.md"]
    for name in inspect.signature(getattr(plugin, error)).parameters:
        assert f"`{name}`" in texts()["scorers.md"] or name in ("message", "hint", "args", "kwargs")


def test_every_example_is_shown_and_has_tests() -> None:
    shown = {(PAGES / target).resolve() for text in texts().values() for target in INCLUDE.findall(text)}
    for path in shown:
        assert path.exists(), path
    written = {*EXAMPLES.rglob("*.py"), *TUTORIAL.glob("*.py"), *TUTORIAL.glob("*.toml")}
    written -= {*EXAMPLES.rglob("__init__.py"), EXAMPLES / "conftest.py"}
    assert written == shown
    modules = {path.stem for path in EXAMPLES.glob("izcore_*")} | {"izcore_echo"}
    assert {target.partition(":")[0].partition(".")[0] for target in ENTRY_POINTS.values()} == modules
    for module in modules - {"izcore_echo"}:
        assert (EXAMPLES / f"test_{module.removeprefix('izcore_')}.py").exists(), module


def test_every_example_of_a_backend_passes_the_kit(examples: dict[str, str]) -> None:
    tests = "".join(
        path.read_text("utf-8") for path in (*EXAMPLES.glob("test_*.py"), *TUTORIAL.glob("test_*.py"))
    )
    registry, subjects = izcore.discover(), 0
    for kind in KINDS:
        for found in registry.backends(kind):
            if found.plugin.distribution == "izcore-examples":
                module = ENTRY_POINTS[found.plugin.name]
                assert f'Subject(plugin="{module}", name="{found.backend.name}"' in tests
                subjects += 1
    assert subjects == 15
    assert not [plugin for plugin in registry.plugins if plugin.status == "failed"]


# --- the examples at work ------------------------------------------------------------------------


@pytest.fixture
def examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The examples, discoverable here, and in processes with this environment."""
    site = tmp_path / "site"
    site.mkdir()
    install_examples(site, monkeypatch)
    return {"PYTHONPATH": os.pathsep.join(map(str, (site, EXAMPLES, TUTORIAL)))}


@pytest.fixture
def backwards(tmp_path: Path) -> Path:
    """A task in the example's format: forty words, wanted backwards."""
    words = (f"word{a}{b}" for a in "abcde" for b in "fghijklm")
    lines = [f'[[examples]]\ninput = "{word}"\noutput = "{word[::-1]}"' for word in words]
    return write_lines(tmp_path / "backwards.toml", lines)


def test_every_hook_is_called_in_the_examples(
    examples: dict[str, str], backwards: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Runs with every example find what they should; on the way each hook is called, with its arguments."""
    calls: dict[str, list[dict[str, Any]]] = {}

    def watch(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if event == "call" and code.co_name in HOOKS and Path(code.co_filename).is_relative_to(PAGES):
            calls.setdefault(code.co_name, []).append(dict(frame.f_locals))

    chosen = {"generator": "slots", "surrogate": "hill", "metric": "closeness", "preset": "house"}
    sheet = tmp_path / "trials.csv"
    silly = write_lines(tmp_path / "silly.txt", [f"Sentence {number}." for number in range(6)])
    small = {"splits": {"validation": 5, "retest": 0, "test": 5}, "evaluation": {"policy": "full"}}
    plugin.sobol_latents(1, 1, 0)  # imports SciPy, which need not be watched
    threading.setprofile(watch)
    sys.setprofile(watch)
    try:
        result = izcore.optimize(str(backwards), scorer="echo", trackers=[f"sheet:{sheet}"], **chosen)
        with pytest.raises(FatalScorerError, match="left with code 1"):
            izcore.optimize(str(backwards), scorer="program:false", **chosen)
        with pytest.warns(izcore.IzWarning, match="empty"):
            izcore.optimize(str(backwards), scorer="program:true", generator=f"pool:{silly}", settings=small)
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    assert result.best is not None
    assert "backwards" in result.best.instruction
    assert result.best.test is not None
    assert result.best.test.score == 1
    assert len(sheet.read_text(encoding="utf-8").splitlines()) == result.trials + 1
    told = capsys.readouterr().err
    assert "stopwatch: done; " in told
    assert "stopwatch: failed (" in told
    assert "stopwatch: noticed in the phase evaluate: All 6 instructions so far score 0" in told
    for hook, specification in HOOKS.items():
        assert hook in calls, f"no example implements {hook}, or nobody called it"
        wanted = {k: v for k, v in inspect.get_annotations(specification).items() if k != "return"}
        for given in calls[hook]:
            assert {name: type(given[name]) for name in wanted} == wanted


def test_the_judge_of_the_examples_asks_the_model_that_is_named(
    examples: dict[str, str], backwards: Path, tmp_path: Path
) -> None:
    program = "import sys; print('yes' if 'drow' in sys.stdin.read() else 'no')"
    judge = shlex.join([sys.executable, "-c", program])
    scored = izcore.score(
        str(backwards),
        BACKWARDS,
        scorer="echo",
        metric="polite",
        settings={"metric": {"judge": f"program:{judge}"}, "splits": {"test": 5}},
    )
    assert scored.test.score == 1


def test_the_endpoint_of_the_examples_takes_part_in_a_run(
    examples: dict[str, str], backwards: Path, iz: Iz
) -> None:
    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            prompt = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["prompt"]
            word = prompt.rpartition("Input: ")[2].partition("\n")[0]
            body = json.dumps({"text": word[::-1], "tokens": [9, 1]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        command = ("score", str(backwards), "--scorer", "rest:tiny", "--instruction", BACKWARDS, "--json")
        address = {"REST_BASE_URL": f"http://127.0.0.1:{server.server_port}"}
        result = result_of(iz(*command, env={**examples, **address}))
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert result["test"]["score"] == 1
    assert result["tokens"] == {"input": 9 * result["calls"], "output": result["calls"]}


def test_the_kernel_of_the_examples_searches(examples: dict[str, str], backwards: Path) -> None:
    small = {"search": {"initial": 6, "batch": 3, "rounds": 1}, "surrogate": {"proposals": 64}}
    result = izcore.optimize(
        str(backwards), generator="slots", scorer="echo", surrogate="rational", settings=small
    )
    assert result.trials == 9


def test_a_data_set_in_the_layout_of_the_hub_is_a_task(
    examples: dict[str, str], tmp_path: Path, iz: Iz
) -> None:
    pytest.importorskip("datasets", reason="the library datasets is not installed")
    folder = tmp_path / "reviews"
    folder.mkdir()
    write_lines(folder / "train.jsonl", [json.dumps({"text": f"t{i}", "label": "good"}) for i in range(20)])
    shown = result_of(iz("tasks", "show", f"hub:{folder}", "--json", env=examples))
    assert (shown["name"], shown["examples"]) == ("reviews", 20)


def test_faults_of_a_file_are_shown_one_by_one(examples: dict[str, str], tmp_path: Path, iz: Iz) -> None:
    file = write_lines(tmp_path / "bad.toml", ["[[examples]]", "[[examples]]", 'input = "x"'])
    checked = iz("tasks", "check", str(file), env=examples)
    assert_explained(checked, "example 1: input", "example 2: output")


# --- the tutorial --------------------------------------------------------------------------------


def test_the_tutorial_can_be_followed(tmp_path: Path) -> None:
    """All but pip and the other kinds, which tests/tutorial_check.py follows in an environment of its own."""
    programs, folder = tmp_path / "programs", tmp_path / "work"
    programs.mkdir()
    folder.mkdir()
    for name, call in (("iz", iz_command()[1:]), ("pytest", ["-m", "pytest", "-p", "no:cacheprovider"])):
        program = write_lines(
            programs / name, ["#!/bin/sh", f'exec {shlex.join([sys.executable, *call])} "$@"']
        )
        program.chmod(0o755)
    site = tmp_path / "site"
    site.mkdir()
    install_plugins(site, {"echo": "izcore_echo"})
    made = folder / "izcore-echo"
    environment = {
        **os.environ,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": f"{site}{os.pathsep}{made}",
    }
    script = script_of_tutorial(("pip install", "python3 -m venv", ". .venv"))
    done = subprocess.run(
        ["bash", "-euc", script], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Exclamation marks" in done.stdout
    assert re.search(r"\d+ passed", done.stdout)
    assert BACKWARDS in done.stdout
