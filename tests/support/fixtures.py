"""Fixtures of the core's tests and of plugins' tests that run whole searches; a conftest imports them."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from support import Iz, iz_command


@pytest.fixture(autouse=True)
def own_folders(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every test has its own database, data and locks and no keys, whatever the developer's machine holds."""
    monkeypatch.setenv("IZ_DB", str(tmp_path / "runs.sqlite"))
    monkeypatch.setenv("IZ_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("IZ_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("IZ_CONFIG", str(_plain_defaults(tmp_path_factory.mktemp("defaults"))))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    for name in ("IZ_PLUGINS", "IZ_NO_PLUGINS", "IZ_TRACE_PLUGINS", "IZ_PLUGIN_TIMEOUT"):
        monkeypatch.delenv(name, raising=False)


def _plain_defaults(folder: Path) -> Path:
    """Let runs that choose no preset search sentences alone.

    Most tests are about something else than what the default searches. Those that are about that do without
    IZ_CONFIG, or name the preset.
    """
    (folder / "izcore.toml").write_text('preset = "uniform-halving"\n', encoding="utf-8")
    return folder


@pytest.fixture
def real_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs that choose no preset take the default one, as they do where a person has no own defaults."""
    monkeypatch.setenv("IZ_CONFIG", str(tmp_path / "no-defaults"))


@pytest.fixture
def iz() -> Iz:
    """Run ``iz`` as a user does and return the finished process."""

    def run(*arguments: str, env: dict[str, str] | None = None, cwd: Path | None = None) -> Any:
        return subprocess.run(
            iz_command(*arguments),
            check=False,
            capture_output=True,
            text=True,
            timeout=300,
            env={**os.environ, **(env or {})},
            cwd=cwd,
        )

    return run
