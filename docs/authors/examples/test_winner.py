"""The command on a real run, called as the command line calls it."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

import izcore
from izcore.plugin import IzError
from izcore.testing import CommandConformance, Subject
from izcore_winner.command import winner


class TestWinner(CommandConformance):
    """What every command promises."""

    @pytest.fixture
    def subject(self) -> Subject:
        """Say which command is tested."""
        return Subject(plugin="izcore_winner.plugin", name="winner")

    @pytest.fixture
    def mistaken(self) -> Sequence[str]:
        """A run that is not there."""
        return ("no-such-run",)

    @pytest.fixture
    def json_arguments(self, tmp_path: Path) -> Sequence[str]:
        """A run that is there."""
        return ("last", "--db", finished_run(tmp_path)[0], "--json")


def finished_run(folder: Path) -> tuple[str, izcore.RunResult]:
    """Return a database with a small run, and the result of the run."""
    db = str(folder / "runs.sqlite")
    small = {"search": {"initial": 4, "rounds": 0}, "splits": {"test": 4, "validation": 4}}
    return db, izcore.optimize("mirror", generator="phrases", scorer="obedient", settings=small, db=db)


def winner_of(*arguments: str) -> str:
    """Return what the command prints; raise what it raises."""
    app = typer.Typer()
    app.command()(winner)
    result = CliRunner().invoke(app, arguments)
    if result.exception is not None:
        raise result.exception
    return result.stdout


def test_it_prints_the_instruction_that_won(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a line to put into a script, or as JSON."""
    monkeypatch.setenv("IZ_CACHE", str(tmp_path / "cache"))
    db, run = finished_run(tmp_path)
    assert run.best is not None
    assert winner_of("--db", db) == f"{run.best.instruction}\n"
    assert json.loads(winner_of(run.run_id, "--db", db, "--json"))["instruction"] == run.best.instruction


def test_a_run_that_is_not_there_is_explained(tmp_path: Path) -> None:
    """Errors for people pass through; iz shows them."""
    with pytest.raises(IzError):
        winner_of("--db", str(tmp_path / "empty.sqlite"))
