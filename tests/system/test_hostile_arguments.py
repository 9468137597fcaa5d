"""The command line under random and hostile arguments: an exit code that is known, and never a traceback.

``IZ_FUZZ_EXAMPLES=2000`` tries as many as a release wants; the usual number is small.
"""

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from support.in_process import assert_ends_well, set_up_sandbox
from typer.main import get_command

from izcore.cli.app import app

EXAMPLES = int(os.environ.get("IZ_FUZZ_EXAMPLES", "60"))
TINY = """
generator = "phrases"
scorer = "obedient"
surrogate = "sobol"
[splits]
demonstrations = 1
validation = 2
test = 2
[search]
initial = 1
batch = 1
rounds = 1
"""
PLAN = ("optimize", "task.csv", "--config", "tiny.toml", "--dry-run")
COMMANDS: tuple[tuple[str, ...], ...] = (
    (),
    ("--help",),
    PLAN,
    (*PLAN, "--json"),
    ("optimize", "task.csv", "--config", "tiny.toml", "--max-calls", "20"),
    ("score", "task.csv", "--config", "tiny.toml", "--instruction", "Reverse.", "--max-calls", "9"),
    ("resume", "last"),
    ("compare", "task.csv", "--methods", "sobol", "--max-calls", "20", "--config", "tiny.toml", "--dry-run"),
    ("runs", "list"),
    ("runs", "show", "last", "--trial", "0"),
    ("runs", "export", "last", "--format", "csv", "--output", "out.csv"),
    ("runs", "export", "last", "--bundle", "run.bundle"),
    ("runs", "import", "run.bundle", "--db", "other.db"),
    ("runs", "delete", "last", "--yes"),
    ("db", "backup", "copy.db", "--force"),
    ("tasks", "list"),
    ("tasks", "show", "task.csv", "--examples", "3"),
    ("tasks", "check", "task.csv", "--set", "task.input=input"),
    ("tasks", "fetch", "mirror", "--from", "folder"),
    ("models", "list"),
    ("models", "pull", "none"),
    ("cache", "info"),
    ("cache", "clear", "--yes", "--older-than", "3"),
    ("plugins", "list"),
    ("plugins", "show", "toy"),
    ("plugins", "doctor", "obedient"),
    ("plugins", "new", "mine", "--kind", "metric", "--into", "folder"),
)
# fmt: off
NAMES = (
    "task.csv", "broken.csv", "empty", "folder", "loop", "tiny.toml", "deep.toml", "deep.json",
    "runs.db", "no/such/file", "task.csv/below", "/dev/full", "/dev/null", "~nobody-here/x",
    "mirror", "last", "csv",
)
HOSTILE = (
    "", " ", "-", "--", "=", "a=", "=b", "@", "%s", "{input}", "{", "{}{}", "[/red]", "[bold", "\\",
    "\n\r\t", "a" * 300, "a" * 5000, "x/" * 3000, "9" * 5000, "-" + "9" * 400, "1e999", "nan", "-inf",
    "0", "-1", str(2**31), str(2**63), str(2**64), str(10**30), "1e308", "1e-400", "0x10", "١٢", "True",
    "null", "\x1b[31m\x1b]8;;x\x1b\\", "\u202e\u2066", "\ud800", "\udcff\udcfe", "\x7f\x9b",
    "=cmd|' /C calc'!A0", "[" * 5000, "{a=" * 2000, '{"a":' * 3000, "[1" + ",1" * 3000, "'", '"' * 3,
    "[9" + "9" * 5000 + "]", "http://me:s3cret@host/?token=s3cret", "sk-s3crets3crets3crets3cret",
    "obedient:x", "phrases:", ":", "a:b:c",
)
KEYS = (
    "seed", "scorer.mistakes", "scorer", "scorer.name", "generator.phrases", "task", "metric",
    "prompt_template", "splits.test", "splits.validation", "splits.demonstrations", "splits",
    "search.pool", "search", "budget", "budget.max_calls", "budget.max_cost",
    "budget.max_tokens", "evaluation", "evaluation.policy", "evaluation.first",
    "objective.length_penalty", "few_shot.examples", "few_shot.sets", "retries.tries", "rate",
    "prices", "trackers", "prices.x.input", "reasoning.marks", "warm_start", "warm_start_trials",
    "baselines", "cache", "preset", "a.b.c", "trackers.jsonl.file", "rate.requests_per_minute",
    "raw", "table", ".", "a..b", "", "splits.stratified",
)
# fmt: on


def options_of(command: Any) -> Iterator[str]:
    """All names of options, of every command."""
    for parameter in command.params:
        yield from (name for name in parameter.opts if name.startswith("-"))
    for below in getattr(command, "commands", {}).values():
        yield from options_of(below)


OPTIONS = sorted({*options_of(get_command(app)), "--no-such-option", "-x", "--methods", "--workers"})

OPTIONS_OF_PATHS = (
    "--config",
    "--db",
    "--log-file",
    "--output",
    "--plot",
    "--into",
    "--tracker",
    "--methods",
)

texts = st.text(st.characters(exclude_characters="\0"), max_size=20)
values = st.sampled_from(NAMES) | st.sampled_from(HOSTILE) | texts
assignments = st.tuples(st.sampled_from(KEYS) | texts, values).map("=".join)
pieces: st.SearchStrategy[tuple[str, ...]] = st.one_of(
    values.map(lambda value: (value,)),
    st.tuples(st.sampled_from(OPTIONS)),
    st.tuples(st.sampled_from(OPTIONS), values),
    st.tuples(st.just("--set"), assignments),
    st.tuples(st.sampled_from(OPTIONS_OF_PATHS), st.sampled_from(NAMES)),
    st.sampled_from(NAMES).map(lambda name: (name,)),
)
edits = st.lists(
    st.tuples(st.sampled_from(["replace", "insert", "remove"]), st.integers(0, 12), pieces), max_size=3
)


def edited(command: Sequence[str], changes: Sequence[tuple[str, int, tuple[str, ...]]]) -> list[str]:
    """The command's arguments after random changes."""
    arguments = list(command)
    for what, place, piece in changes:
        at = place % (len(arguments) + 1)
        arguments[at : at + (what != "insert")] = () if what == "remove" else piece
    if arguments[:1] == ["compare"]:  # its runs take long, and processes of their own
        arguments.append("--dry-run")
    if arguments[:2] == ["tasks", "fetch"]:  # nothing here reaches out into the network
        arguments += ["--from", "folder"]
    return arguments


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Path]:
    """A folder to work in, with files of many kinds; everything that is written stays there."""
    folder = tmp_path / "sandbox"
    with pytest.MonkeyPatch.context() as patch:
        work = set_up_sandbox(folder, patch)
        (work / "folder").mkdir()
        fill(work)
        assert assert_ends_well("optimize", "task.csv", "--config", "tiny.toml")[0] == 0
        yield folder


def fill(work: Path) -> None:
    """Make files of many kinds."""
    rows = "".join(f"word{i},{'drow'}{i}\n" for i in range(12))
    (work / "task.csv").write_text(f"input,target\n{rows}")
    (work / "broken.csv").write_bytes(b'\xff\xfe\x00input,"target\n\x1b[31m')
    (work / "empty").write_text("")
    (work / "tiny.toml").write_text(TINY)
    (work / "deep.toml").write_text(f"a = {'[' * 3000}")
    (work / "deep.json").write_text("[" * 100_000)
    (work / "loop").symlink_to("loop")


written: set[str] = set()
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def note_writing(event: str, details: tuple[Any, ...]) -> None:
    """Remember which paths are written, made or removed."""
    writes = event in ("os.mkdir", "os.remove", "os.rename", "os.rmdir", "sqlite3.connect")
    if writes or (event == "open" and details[2] & WRITES):
        with contextlib.suppress(TypeError):  # an open file's number
            written.add(os.path.abspath(os.fsdecode(details[0])))  # noqa: PTH100


sys.addaudithook(note_writing)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(command=st.sampled_from(COMMANDS), changes=edits)
@example(command=(), changes=[("insert", 0, ("--show-completion",))])  # typer ends the process itself
@example(command=(), changes=[("insert", 0, ("--install-completion",))])
def test_any_arguments_end_in_a_known_exit_code_and_no_traceback(
    sandbox: Path, command: Sequence[str], changes: Sequence[tuple[str, int, tuple[str, ...]]]
) -> None:
    arguments = edited(command, changes)
    written.clear()
    err = assert_ends_well(*arguments)[2]
    assert "s3cret" not in err
    outside = {path for path in written if not path.startswith((f"{sandbox}/", "/dev/", "/proc/"))}
    bytecode = sys.pycache_prefix or "__pycache__"
    assert not {
        path for path in outside if not (".pyc" in path or bytecode in path or path.endswith(".lock"))
    }
