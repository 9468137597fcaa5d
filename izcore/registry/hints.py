"""What to do about a name that is not there; which distribution has it is known from a table, not guessed."""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

from izcore.plugin.errors import nearest_names
from izcore.registry.discovery import PluginInfo

TABLE = "distributions.toml"


def where_to_find(kind: str, name: str) -> str:
    """Return a line that says which distribution to install for this; empty where none is known."""
    for distribution, offers in known_distributions().items():
        if name in offers.get(kind, ()):
            return f"{distribution} has it: pip install {distribution}"
    return ""


def hint_for_unknown(kind: str, name: str, known: Iterable[str], plugins: Iterable[PluginInfo]) -> str:
    """Return lines on a name that no backend of a kind has: names that are near, and where it may be."""
    hint = nearest_names(name, known)
    for plugin in plugins:
        if plugin.status != "loaded":
            fix = f" Try: {plugin.fix}." if plugin.fix else ""
            hint += f"\nThe plugin {plugin.distribution} did not load: {plugin.reason}.{fix}"
    if install := where_to_find(kind, name):
        hint += f"\n{install}"
    return hint


@cache
def known_distributions() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Return what distributions that can be installed offer: by distribution and kind the names."""
    text = files(__package__).joinpath(TABLE).read_text(encoding="utf-8")
    return {
        distribution: {kind: tuple(names) for kind, names in offers.items()}
        for distribution, offers in tomllib.loads(text).items()
    }
