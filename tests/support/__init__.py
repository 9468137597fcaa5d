"""What many tests use: the command line in a process of its own, results, shared data."""

import base64
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
SHARED = ROOT.parent / "shared"
TOY = ("--generator", "phrases", "--scorer", "obedient", "--surrogate", "sobol")
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)
"""An image of one red pixel."""
Iz = Callable[..., "subprocess.CompletedProcess[str]"]


def iz_command(*arguments: str) -> list[str]:
    """The command line of ``iz`` under this interpreter."""
    return [sys.executable, "-c", "from izcore.cli import main; main()", *arguments]


def result_of(process: "subprocess.CompletedProcess[str]") -> dict[str, Any]:
    """The JSON object on standard output, which must hold nothing else."""
    assert process.returncode == 0, process.stderr
    parsed: dict[str, Any] = json.loads(process.stdout)
    return parsed


def shared_data(*parts: str) -> Path:
    """A path of the shared task data; skips the test where it is absent."""
    path = SHARED.joinpath("data", *parts)
    if not path.exists():
        pytest.skip(f"the shared task data is not here: {path}")
    return path


def assert_explained(process: "subprocess.CompletedProcess[str]", *mentions: str, code: int = 2) -> None:
    """A user's mistake ends in one clear message, no traceback, and the right exit code."""
    assert process.returncode == code, (process.returncode, process.stderr, process.stdout)
    assert "Traceback" not in process.stderr, process.stderr
    for mention in mentions:
        assert mention in process.stderr, process.stderr


def without_times(result: dict[str, Any], *more: str) -> dict[str, Any]:
    """A result without what differs between two equal runs."""
    return {key: value for key, value in result.items() if key not in ("run_id", "seconds", *more)}


def write_lines(path: Path, lines: Sequence[str]) -> Path:
    """Write a text file, one line each."""
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def is_a_target(answer: str, targets: Sequence[str]) -> float:
    """A metric function of a user."""
    return float(answer in targets)
