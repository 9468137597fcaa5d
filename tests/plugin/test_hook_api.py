"""The hook API over the years: versions, old plugins, deprecations, and the public API as it was promised."""

import difflib
import sys
import warnings
from collections.abc import Callable
from importlib import import_module

import pytest
from public_api import public_api
from support import TESTS, Iz
from support.plugin_folder import OLD_PLUGIN, Install

import izcore
from izcore.plugin.errors import IzDeprecationWarning
from izcore.plugin.hookspecs import API_VERSION, OLDEST_API_VERSION
from izcore.plugin.kinds import KINDS
from izcore.registry import deprecations
from izcore.registry.deprecations import Deprecation
from izcore.registry.discovery import PluginInfo
from izcore.registry.registry import Registry

NEXT_CORE = range(API_VERSION, API_VERSION + 2)
"""What the core will accept when the hook API's version is raised for the next time."""


def test_the_public_api_changes_on_purpose_only() -> None:
    promised = (TESTS / "public_api.txt").read_text(encoding="utf-8").splitlines()
    difference = list(
        difflib.unified_diff(promised, public_api().splitlines(), "promised", "now", lineterm="")
    )
    assert not difference, "\n".join(
        [*difference, "If that is meant: python tests/public_api.py > tests/public_api.txt"]
    )


# --- versions --------------------------------------------------------------------------------------


def test_this_version_and_the_one_before_are_accepted() -> None:
    assert (1 if API_VERSION > 1 else 0) == API_VERSION - OLDEST_API_VERSION


@pytest.mark.parametrize(
    ("version", "accepted", "update"),
    [
        (1, range(1, 2), ""),
        (1, range(1, 3), ""),
        (2, range(1, 3), ""),
        (2, range(2, 4), ""),
        (3, range(2, 4), ""),
        (0, range(1, 2), "zz-versioned"),
        (1, range(2, 4), "zz-versioned"),
        (2, range(1, 2), "izcore"),
        (4, range(2, 4), "izcore"),
    ],
)
@pytest.mark.filterwarnings("ignore::izcore.plugin.errors.IzDeprecationWarning")
def test_a_plugin_loads_if_its_version_is_accepted_and_else_what_is_older_is_updated(
    version: int, accepted: range, update: str
) -> None:
    registry = Registry(api_versions=accepted)
    plugin = type("Plugin", (), {"IZCORE_API": version})()
    registry.add(plugin, PluginInfo(name="v", distribution="zz-versioned", version="1", status="loaded"))
    (info,) = registry.plugins
    assert info.status == ("failed" if update else "loaded")
    assert info.fix == (f"pip install -U {update}" if update else "")
    if update:
        assert f"needs hook API {version}, this izcore has {accepted[0]}" in info.reason
    else:
        assert info.api_version == version


def test_a_plugin_written_for_the_first_version_still_works(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("izcore-first", OLD_PLUGIN.read_text(encoding="utf-8"))
    monkeypatch.setenv("IZ_PLUGINS", "izcore-first")
    loud = {"scorer": {"loud": True}, "splits": {"test": 5, "validation": 5}}
    registry = izcore.discover()
    result = izcore.optimize(
        "first",
        generator="first",
        scorer="first",
        surrogate="first",
        metric="first",
        preset="first",
        settings=loud,
        registry=registry,
    )
    assert result.status == "done"
    assert result.trials == 4
    assert result.best is not None
    assert result.best.validation.score == 1.0
    assert [model.name for model in registry.models()] == ["first"]
    assert import_module("izcore_first").SEEN == ["started", 0, 1, 2, 3]


# --- deprecations ----------------------------------------------------------------------------------


def use_an_older_hook_api(install: Install) -> None:
    """What the next core will do with the plugin of the first version: it loads, and is told to be old."""
    install("izcore-first", OLD_PLUGIN.read_text(encoding="utf-8"))
    registry = Registry.discover(api_versions=NEXT_CORE)
    loaded = next(plugin for plugin in registry.plugins if plugin.name == "izcore-first")
    assert loaded.status == "loaded"
    assert registry.find("scorer", "first").plugin == loaded


def register_with_one_record_for_every_kind(install: Install) -> None:
    """The plugin of the first version registers with Backend, and what it registers is of each kind."""
    install("izcore-first", OLD_PLUGIN.read_text(encoding="utf-8"))
    registry = Registry.discover()
    for kind in ("generator", "scorer", "surrogate", "task", "metric"):
        assert type(registry.find(kind, "first").backend) is KINDS[kind].registration


PROVOKE: dict[str, Callable[[Install], None]] = {
    "OLDER_HOOK_API": use_an_older_hook_api,
    "BACKEND_OF_EVERY_KIND": register_with_one_record_for_every_kind,
}
"""Does what is deprecated; one for every constant."""


@pytest.mark.parametrize(
    "name", [name for name, value in vars(deprecations).items() if isinstance(value, Deprecation)]
)
def test_everything_deprecated_works_and_warns_naming_the_distribution(name: str, install: Install) -> None:
    deprecation = getattr(deprecations, name)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        PROVOKE[name](install)
    said = [
        str(each.message)
        for each in caught
        if each.category is IzDeprecationWarning
        and f"izcore-first uses {deprecation.what}" in str(each.message)
    ]
    assert len(said) == 1
    for part in (deprecation.what, deprecation.since, deprecation.removed_in, deprecation.instead):
        assert part in said[0]


def test_the_command_line_shows_a_deprecation_once_in_one_line(install: Install, iz: Iz) -> None:
    site = install(
        "zz-old",
        """
        from izcore.registry.deprecations import OLDER_HOOK_API, warn_deprecated
        IZCORE_API = 1
        for _ in range(3):
            warn_deprecated(OLDER_HOOK_API, by="zz-old", details="1; this izcore has 2")
        """,
    )
    process = iz("plugins", "list", "--json", env={"PYTHONPATH": str(site), "IZ_PLUGINS": "zz-old"})
    assert process.returncode == 0
    (line,) = process.stderr.splitlines()
    assert line.startswith("iz: zz-old uses an older hook API")
    assert sys.prefix not in line
