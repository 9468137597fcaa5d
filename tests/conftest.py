"""Fixtures that all tests share: folders of their own, and the command line."""

import importlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support import Iz, iz_command
from support.plugin_folder import Install, install_plugin


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test has its own database, data and locks and no keys, whatever the developer's machine holds."""
    monkeypatch.setenv("IZ_DB", str(tmp_path / "runs.sqlite"))
    monkeypatch.setenv("IZ_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("IZ_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    for name in ("IZ_PLUGINS", "IZ_NO_PLUGINS", "IZ_TRACE_PLUGINS", "IZ_PLUGIN_TIMEOUT"):
        monkeypatch.delenv(name, raising=False)


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


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install plugins by hand into a folder on this process's path; returns that folder."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))

    def installer(name: str, source: str) -> Path:
        # An earlier test may have imported another module of that name.
        monkeypatch.delitem(sys.modules, name.replace("-", "_"), raising=False)
        install_plugin(site, name, source)
        importlib.invalidate_caches()
        return site

    return installer
