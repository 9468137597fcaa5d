"""Fixtures that all tests share: folders of their own, the command line, plugins made by hand."""

import importlib
import sys
from pathlib import Path

import pytest
from support.fixtures import iz, own_folders, real_default
from support.plugin_folder import Install, install_plugin

__all__ = ["iz", "own_folders", "real_default"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that run the embedded model come first: one that takes minutes shall not be the last to begin."""
    long = {item.path for item in items if item.get_closest_marker("model")}
    items.sort(key=lambda item: item.path not in long)


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
