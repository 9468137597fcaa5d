"""Which plugins are installed, and which of them the user wants; nothing of theirs is imported here."""

import os
import re
import warnings
from collections.abc import Collection, Iterable
from importlib.metadata import Distribution, EntryPoint, distributions, entry_points
from typing import Literal

from izcore.plugin import hookspecs
from izcore.plugin.errors import IzWarning, nearest_names
from izcore.plugin.record import Record

CORE_DISTRIBUTION = "izcore"


class PluginInfo(Record):
    """An entry point of the group ``izcore`` and what became of it.

    ``api_version`` is the version of the hook API that it says it was written for, once it was asked.
    """

    name: str
    distribution: str
    version: str
    status: Literal["loaded", "failed", "blocked"]
    reason: str = ""
    fix: str = ""
    api_version: int | None = None

    def answers_to(self, names: Iterable[str]) -> bool:
        """Whether one of the names is the plugin's or its distribution's."""
        return bool({_same(self.name), _same(self.distribution)} & set(map(_same, names)))


class PluginChoice(Record):
    """Which plugins may load: none of ``blocked``, and where ``only`` is set, none but those.

    Both name plugins or distributions. The core's own always loads.
    """

    blocked: tuple[str, ...] = ()
    only: tuple[str, ...] | None = None

    def why_not(self, plugin: PluginInfo) -> str:
        """Return why a plugin shall not load; empty if it shall."""
        if plugin.distribution == CORE_DISTRIBUTION:
            return ""
        if plugin.answers_to(self.blocked):
            return "blocked by the user"
        if self.only is not None and not plugin.answers_to(self.only):
            return "not among the plugins that were asked for"
        return ""

    def warn_of_unknown(self, plugins: Collection[PluginInfo]) -> None:
        """Warn of names that no installed plugin has."""
        for purpose, names in (("leave out", self.blocked), ("load", self.only or ())):
            for name in names:
                if not any(plugin.answers_to([name]) for plugin in plugins):
                    hint = nearest_names(name, (plugin.name for plugin in plugins))
                    warnings.warn(
                        f"There is no plugin {name!r} to {purpose}. {hint}", IzWarning, stacklevel=2
                    )


def installed_plugins() -> list[tuple[PluginInfo, EntryPoint]]:
    """Return every entry point of the group, sorted by name, the core's first."""
    found = []
    for entry in _entries():
        distribution, version = _described(entry.dist)
        info = PluginInfo(name=entry.name, distribution=distribution, version=version, status="loaded")
        found.append((info, entry))
    return sorted(found, key=lambda f: (f[0].distribution != CORE_DISTRIBUTION, f[1].name, f[1].value))


def environment_choice(variable: str) -> tuple[str, ...] | None:
    """Return the comma-separated names in an environment variable; None if it is not set."""
    value = os.environ.get(variable)
    return None if value is None else tuple(name.strip() for name in value.split(",") if name.strip())


def _entries() -> list[EntryPoint]:
    try:
        return list(entry_points(group=hookspecs.PROJECT))
    except Exception:
        # Some distribution's list of entry points cannot be read, be it of a plugin or of anything else.
        return list(_entries_one_by_one())


def _entries_one_by_one() -> Iterable[EntryPoint]:
    seen = set()
    for distribution in distributions():
        name, version = _described(distribution)
        if name in seen:
            continue
        seen.add(name)
        try:
            yield from distribution.entry_points.select(group=hookspecs.PROJECT)
        except Exception as error:
            warnings.warn(
                f"The entry points of {name} {version} cannot be read ({type(error).__name__}); "
                f"it is left out. Try: pip install --force-reinstall {name}",
                IzWarning,
                stacklevel=2,
            )


def _described(distribution: Distribution | None) -> tuple[str, str]:
    if distribution is None:
        return "an unnamed distribution", "?"
    metadata = distribution.metadata  # read from disk each time that it is asked for
    # A damaged installation may have neither.
    return metadata["Name"] or "an unnamed distribution", metadata["Version"] or "?"


def _same(name: str) -> str:
    # As Python's packaging compares names.
    return re.sub(r"[-_.]+", "-", name).lower()
