"""Checks of sub-commands of ``iz``, each typed into a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import entry_points
from pathlib import Path

import pytest
import typer

from izcore.plugin.registrations import CommandRegistration
from izcore.registry.imports import import_object
from izcore.testing.conformance import Conformance, needs
from izcore.testing.subject import Subject

IZ = "from izcore.cli import main; main()"


class CommandConformance(Conformance):
    """What the core relies on in a command. The plugin need not be installed, only importable."""

    kind = "command"

    @pytest.fixture
    def mistaken(self) -> Sequence[str]:
        """Arguments that are a user's mistake: an option that there is not, unless you know a better one."""
        return ("--no-such-option",)

    @pytest.fixture
    def json_arguments(self) -> Sequence[str]:
        """Arguments with which the command succeeds and prints JSON; empty where it has no ``--json``."""
        return ()

    def test_app_can_be_imported(self, backend: CommandRegistration) -> None:
        """The registration's ``app`` is the import path of a Typer app, or of a function."""
        _import_app(backend)

    def test_help_is_shown(self, subject: Subject, backend: CommandRegistration, tmp_path: Path) -> None:
        """``iz NAME --help`` succeeds, and its help is all that standard output holds."""
        needs("test_app_can_be_imported", lambda: _import_app(backend))
        _help(subject, tmp_path)

    def test_a_mistake_is_explained(
        self, subject: Subject, backend: CommandRegistration, tmp_path: Path, mistaken: Sequence[str]
    ) -> None:
        """A user's mistake fails with a message on standard error, and never shows a traceback."""
        needs("test_help_is_shown", lambda: (_import_app(backend), _help(subject, tmp_path)))
        done = typed(subject, tmp_path, *mistaken)
        assert done.returncode != 0, "it succeeded"
        assert done.stderr.strip(), "no word about what was wrong"
        assert "Traceback" not in done.stderr, done.stderr

    def test_json_stands_alone(
        self, subject: Subject, backend: CommandRegistration, tmp_path: Path, json_arguments: Sequence[str]
    ) -> None:
        """With ``--json``, standard output is one JSON value alone, for programs to read."""
        shown = needs("test_help_is_shown", lambda: (_import_app(backend), _help(subject, tmp_path)))[1]
        if not json_arguments:
            assert "--json" not in shown, "it has the option --json: override the fixture json_arguments"
            pytest.skip("it has no option --json")
        done = typed(subject, tmp_path, *json_arguments)
        assert done.returncode == 0, done.stderr
        json.loads(done.stdout)


def _import_app(backend: CommandRegistration) -> object:
    app = import_object(backend.app)
    assert isinstance(app, typer.Typer) or callable(app), "neither a Typer app nor a function"
    return app


def _help(subject: Subject, folder: Path) -> str:
    done = typed(subject, folder, "--help")
    assert done.returncode == 0, done.stderr
    assert done.stdout.lstrip().startswith("Usage: "), done.stdout
    return done.stdout


def typed(subject: Subject, folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Return how ``iz NAME`` ended with these arguments; a plugin that is not installed is, for this once."""
    site = folder / "site"
    if subject.plugin not in {entry.value for entry in entry_points(group="izcore")}:
        about = site / "conformance_subject-0.dist-info"
        about.mkdir(parents=True, exist_ok=True)
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: conformance-subject\nVersion: 0\n")
        (about / "entry_points.txt").write_text(f"[izcore]\nconformance-subject = {subject.plugin}\n")
    path = os.pathsep.join([str(site), *(each for each in sys.path if each)])
    return subprocess.run(
        [sys.executable, "-c", IZ, subject.name, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        cwd=folder,
        env={
            **os.environ,
            **{"PYTHONPATH": path, "IZ_CACHE": str(folder / "cache"), "NO_COLOR": "1", "IZ_TRACEBACK": "1"},
        },
    )
