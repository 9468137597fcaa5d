"""Named bundles of settings, of which several plugins may each give a part."""

import itertools
from collections.abc import Iterable, Mapping
from typing import Any

from izcore.plugin.errors import ConfigError, UnknownNameError, nearest_names
from izcore.plugin.registrations import Preset
from izcore.registry.contributions import RefusedError
from izcore.registry.discovery import CORE_DISTRIBUTION, PluginInfo


class Presets:
    """All presets of all plugins, and the plugins that they came from."""

    def __init__(self) -> None:
        self._presets: list[tuple[Preset, PluginInfo]] = []

    def add(self, preset: Preset, plugin: PluginInfo) -> None:
        """Take in a part of a preset, or a whole one."""
        self._presets.append((preset, plugin))

    def check(self, preset: Preset, plugin: PluginInfo) -> None:
        """Raise :class:`RefusedError` if another plugin, not the core, sets what this part sets."""
        mine = set(_leaf_keys(preset.settings))
        for other, owner in self._presets:
            if other.name != preset.name or owner.distribution == CORE_DISTRIBUTION:
                continue
            clash = sorted(mine & set(_leaf_keys(other.settings)))
            if clash:
                raise RefusedError(
                    f"its preset {preset.name!r} sets {clash[0]}, as does that of {owner.distribution}",
                    f"iz --no-plugin {plugin.name} …, or without the other",
                )

    def summaries(self) -> dict[str, str]:
        """Return name and summary of every preset, in the words of who came first, the core above all."""
        return {preset.name: preset.summary for preset, _ in reversed(self._in_order())}

    def settings(self, name: str) -> list[Mapping[str, Any]]:
        """Return the settings that make up a preset: of what it extends, then its own, the core's first.

        Raises :class:`UnknownNameError` for a name that no plugin has, and :class:`ConfigError` for presets
        that extend each other in a circle.
        """
        return self._settings(name, ())

    def extends(self, name: str, base: str) -> bool:
        """Whether a preset is the other one, or extends it."""
        bases = {preset.extends for preset, _ in self._presets if preset.name == name and preset.extends}
        return name == base or any(self.extends(each, base) for each in bases)

    def _settings(self, name: str, extending: tuple[str, ...]) -> list[Mapping[str, Any]]:
        if name in extending:
            raise ConfigError(
                f"The presets {', '.join(map(repr, extending))} extend each other in a circle.",
                hint="This is a fault of their plugins; leave one out: iz --no-plugin NAME …",
            )
        parts = [preset for preset, _ in self._in_order() if preset.name == name]
        if not parts:
            asked = f" The preset {extending[-1]!r} extends it." if extending else ""
            raise UnknownNameError(
                f"There is no preset named {name!r}.{asked}", hint=nearest_names(name, self.summaries())
            )
        bases = dict.fromkeys(preset.extends for preset in parts if preset.extends)
        inherited = [self._settings(base, (*extending, name)) for base in bases]
        return [*itertools.chain.from_iterable(inherited), *(preset.settings for preset in parts)]

    def _in_order(self) -> list[tuple[Preset, PluginInfo]]:
        return sorted(self._presets, key=lambda pair: pair[1].distribution != CORE_DISTRIBUTION)


def _leaf_keys(settings: Mapping[str, Any], prefix: str = "") -> Iterable[str]:
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from _leaf_keys(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"
