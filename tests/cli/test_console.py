"""What is printed: text of others shows as text, whatever it holds and wherever it stands."""

import io
import re
from pathlib import Path

import pytest
from rich.console import Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text
from support import TOY, Iz, assert_explained, result_of, write_lines

import izcore
from izcore.cli.console import PlainConsole

HOSTILE = "[/red][bold]x :smile: \x1b[31m\x1b]8;;http://evil\x1b\\ \x9b2J\u202e\r\x00\udcff"
OWN_STYLES = re.compile(r"\x1b\[[0-9;]*m")
OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def table() -> Table:
    rows = Table(title=HOSTILE)
    rows.add_column(HOSTILE)
    rows.add_row(HOSTILE)
    rows.add_row(Text(HOSTILE, "bold red"))
    return rows


@pytest.mark.parametrize(
    "printed",
    [HOSTILE, Text(HOSTILE, "green"), table(), Panel(Group(Text(HOSTILE), table()), title=Text(HOSTILE))],
    ids=["string", "text", "table", "panel"],
)
def test_no_text_is_obeyed(printed: object) -> None:
    console = PlainConsole()
    console.file = io.StringIO()
    console.print(printed, style="dim")
    with Live(console=console, refresh_per_second=50) as live:
        live.update(printed)  # type: ignore[arg-type]
    shown = console.file.getvalue()
    assert not OBEYED.search(shown)
    assert r"\x1b" in shown
    assert ":smile:" in shown


def test_a_terminal_gets_the_programs_own_styles_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("FORCE_COLOR", "1")
    console = PlainConsole()
    console.file = io.StringIO()
    console.print(Text.assemble(("a\x1b[2Jb", "bold"), ("c", "red")))
    shown = console.file.getvalue()
    assert shown == "\x1b[1ma\\x1b[2Jb\x1b[0m\x1b[31mc\x1b[0m\n"
    assert not OBEYED.search(OWN_STYLES.sub("", shown))


def test_hostile_data_and_instructions_reach_no_terminal_log_or_table(iz: Iz, tmp_path: Path) -> None:
    """A run whose texts all are hostile, shown in every way there is."""
    quick = ("optimize", "mirror", *TOY, "--preset", "quick")
    baseline = "=1+1 [/b] \x1b[31m\x9bred\u202e\rReverse"
    log, events = tmp_path / "log.jsonl", tmp_path / "[red] events.jsonl"
    done = iz(
        *quick,
        *("--json", "--baseline", baseline, "--log-file", str(log), "--log-text"),
        *("--tracker", f"jsonl:{events}", "--set", "trackers.jsonl.texts=true"),
    )
    assert result_of(done)["baselines"][-1]["instruction"] == baseline
    shown = [done.stdout, done.stderr, log.read_text(), events.read_text()]
    shown += [iz("runs", *command).stdout for command in (("show", "last"), ("show", "last", "--trial", "0"))]
    shown += [izcore.export("last", format=form) for form in ("json", "jsonl", "csv:answers", "csv:tests")]
    for text in shown:
        assert not OBEYED.search(text.replace("\r\n", "\n"))
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in (log, events, tmp_path / "runs.sqlite"))
    raw = iz("runs", "export", "last", "--format", "csv:tests", "--set", "raw=true").stdout
    assert "=1+1 [/b] \x1b[31m\x9bred" in raw


def test_a_trackers_failure_with_brackets_in_it_is_shown_and_ends_nothing(iz: Iz, tmp_path: Path) -> None:
    quick = ("optimize", "mirror", *TOY, "--preset", "quick")
    done = iz(*quick, "--tracker", f"jsonl:{tmp_path}/no[/red]/x")
    assert "no[/red]/x" in done.stderr
    assert "Traceback" not in done.stderr


def test_names_in_errors_are_shown_as_text(iz: Iz, tmp_path: Path) -> None:
    write_lines(tmp_path / "a\x1b[31m[bold].csv", ["no", "columns"])
    assert_explained(iz("tasks", "check", str(tmp_path / "a\x1b[31m[bold].csv")), r"a\x1b[31m[bold].csv")
    assert_explained(iz("optimize", "mirror", "--sco\x1b[31mrer"), r"--sco\x1b[31mrer")
