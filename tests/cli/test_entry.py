"""How ``iz`` ends, whatever happens to it: in a line and an exit code, never in a traceback."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import Iz, assert_explained, iz_command
from support.in_process import called

from izcore.cli.log_lines import PlainFormatter

INTERRUPTED = """
import signal
from izcore.cli import main
signal.signal(signal.SIGALRM, signal.default_int_handler)
signal.setitimer(signal.ITIMER_REAL, {seconds})
main()
"""
needs_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full on this system")


@pytest.mark.parametrize("seconds", [0.001, 0.03, 0.08])
def test_ctrl_c_while_it_starts_is_told_by_the_exit_code_alone(seconds: float) -> None:
    command = [sys.executable, "-c", INTERRUPTED.format(seconds=seconds), "plugins", "list"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr in ("", "Interrupted.\n")


def shell(redirections: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = ["sh", "-c", f'"$@" {redirections}', "sh", *iz_command(*arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("redirections", [">&-", "2>&-", "<&- >&- 2>&-", "| true"])
def test_closed_streams_are_no_trouble(redirections: str) -> None:
    done = shell(redirections, "plugins", "list")
    assert done.returncode == 0
    assert not done.stderr


@needs_full
def test_a_full_disk_under_the_output_is_told() -> None:
    assert_explained(shell("> /dev/full", "plugins", "list"), "No space left")


def test_arguments_that_are_no_text_are_refused() -> None:
    command = [os.fsencode(each) for each in iz_command("score", "task", "--instruction")]
    done = subprocess.run([*command, b"a\xff"], capture_output=True, text=True, check=False)
    assert_explained(done, "is not UTF-8", r"a\udcff")


def test_arguments_are_read_as_utf_8_also_where_the_locale_is_another(iz: Iz) -> None:
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    assert_explained(iz("tasks", "show", "caf\u00e9", env=ascii_only), "There is no task named")


def test_a_fault_of_the_program_is_one_line_and_a_file_says_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("izcore.storage.store.Store.summaries", lambda self: 1 // 0)
    monkeypatch.delenv("IZ_TRACEBACK", raising=False)
    code, out, err = called("runs", "list")
    assert (code, out) == (1, "")
    assert "Traceback" not in err
    assert "ZeroDivisionError" in err
    file = tmp_path / "cache" / "fault.txt"
    assert str(file) in err
    assert "Traceback" in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    monkeypatch.setenv("IZ_TRACEBACK", "1")
    assert "Traceback" in called("runs", "list")[2]


def test_what_libraries_log_is_text() -> None:
    record = logging.LogRecord("x", logging.WARNING, "f", 1, "at %s \x1b[31m", ("http://me:pw@host",), None)
    assert PlainFormatter().format(record) == r"at http://host \x1b[31m"
    record.exc_info = (ValueError, ValueError("never retrieved"), None)
    assert PlainFormatter().format(record).endswith("\nValueError: never retrieved")


def test_a_file_whose_name_is_no_text_is_a_task_all_the_same(tmp_path: Path) -> None:
    rows = "input,target\n" + "".join(f"{i},{i}\n" for i in range(20))
    try:
        (tmp_path / os.fsdecode(b"a\xff.csv")).write_text(rows)
    except OSError:
        pytest.skip("this file system wants names in UTF-8")
    code, out, err = called("tasks", "check", str(tmp_path), "--json")
    assert code == 0, err
    assert r'"name": "a\\udcff"' in out
