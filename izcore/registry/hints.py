"""Which distribution has what is not installed, for hints: known from a table, never guessed."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

TABLE = "distributions.toml"


def where_to_find(kind: str, name: str) -> str:
    """Return a line that says which distribution to install for this; empty where none is known."""
    for distribution, offers in known_distributions().items():
        if name in offers.get(kind, ()):
            return f"{distribution} has it: pip install {distribution}"
    return ""


@cache
def known_distributions() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Return what distributions that can be installed offer: by distribution and kind the names."""
    text = files(__package__).joinpath(TABLE).read_text(encoding="utf-8")
    return {
        distribution: {kind: tuple(names) for kind, names in offers.items()}
        for distribution, offers in tomllib.loads(text).items()
    }
