"""``iz`` within this process: as quick as a function, through the same door as the program."""

import contextlib
import io
import os
import signal
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from izcore.cli.entry import run

EXIT_CODES = {0, 1, 2, 3, 4, 130}
OBEYED = frozenset("\x1b\x9b\u202e\r\x07\udcff")
"""Some characters that no terminal may get from texts of others."""

SECONDS = 120


def called(*arguments: str) -> tuple[int, str, str]:
    """The exit code, and what was printed on standard output and standard error."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2)]
    with (
        contextlib.redirect_stdout(streams[0]),
        contextlib.redirect_stderr(streams[1]),
        warnings.catch_warnings(),
        open(os.devnull) as nothing,  # noqa: PTH123
        pytest.MonkeyPatch.context() as patch,
        _in_time(arguments),
    ):
        patch.setattr(sys, "stdin", nothing)
        code = run(arguments)
        for stream in streams:
            stream.flush()
    out, err = (stream.buffer.getvalue().decode() for stream in streams)  # type: ignore[attr-defined]
    return code, out, err


def assert_ends_well(*arguments: str) -> tuple[int, str, str]:
    """Whatever the arguments: an exit code that is known, no traceback, nothing that a terminal obeys."""
    code, out, err = called(*arguments)
    assert code in EXIT_CODES, (code, err)
    assert "Traceback" not in err, err
    assert code in (0, 1) or err.strip() or out.strip(), "not a word"
    assert not OBEYED & set(out + err)
    return code, out, err


def set_up_sandbox(folder: Path, patch: pytest.MonkeyPatch) -> Path:
    """Let all that ``iz`` reads and writes lie in this folder, with toys alone; returns where it works."""
    work = folder / "work"
    work.mkdir(parents=True)
    patch.chdir(work)
    for variable in (
        "HOME",
        "IZ_DATA",
        "IZ_CACHE",
        "IZ_CONFIG",
        "TMPDIR",
        "XDG_CACHE_HOME",
        "XDG_CONFIG_HOME",
        "XDG_DATA_HOME",
    ):
        patch.setenv(variable, str(folder / variable))
    patch.setenv("IZ_DB", str(work / "runs.db"))
    patch.setenv("IZ_PLUGINS", "izcore-toy,izcore-tasks,izcore-compare")
    patch.setattr("tempfile.tempdir", str(folder))
    patch.setenv("IZ_TRACEBACK", "1")
    patch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    return work


@contextlib.contextmanager
def _in_time(arguments: tuple[str, ...]) -> Iterator[None]:
    """Fail, instead of waiting for ever."""

    def late(*_: object) -> None:
        raise AssertionError(f"hangs: {arguments}")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
