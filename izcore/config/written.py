"""Settings written down as TOML that ``--config`` takes, and where each of them comes from."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from izcore.config.layers import BACKEND_KEYS, EVALUATION_KEY, NOTHING, SEVERAL, Settings
from izcore.config.schema import RunConfig
from izcore.config.sources import FileSettings
from izcore.plugin.plain_text import plain_line
from izcore.plugin.toml_text import toml_string

Place = tuple[str, ...]
"""A key in parts: ``("search", "rounds")`` is ``rounds`` in the table ``search``."""

DEFAULT = "default"
"""Where a setting comes from that nothing says."""

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def settings_of(config: RunConfig) -> dict[str, Any]:
    """Return settings that give just this configuration; what is unset is left out."""
    settings = msgspec.to_builtins(config)
    for kind in BACKEND_KEYS:
        if settings[kind]:
            settings[kind] = {"name": settings[kind]["name"], **settings[kind]["options"]}
    for key in SEVERAL:
        # What a preset names beside them is done away with.
        settings[key] = {NOTHING: {}, **{each["name"]: each["options"] for each in settings[key]}}
    evaluation = settings[EVALUATION_KEY]
    if policy := evaluation.pop("policy"):
        settings[EVALUATION_KEY] = {"policy": policy["name"], **policy["options"], **evaluation}
    return _without_unset(settings)


def _without_unset(table: Settings) -> dict[str, Any]:
    return {
        key: _without_unset(value) if isinstance(value, Mapping) else value
        for key, value in table.items()
        if value is not None
    }


def as_toml(settings: Settings, note: Callable[[Place], str] | None = None) -> str:
    """Write settings as TOML, plain keys before tables, each with what ``note`` says of it as a comment."""
    blocks = []
    for place, table in _tables(settings, ()):
        lines = [f"[{'.'.join(map(_key, place))}]"] if place else []
        for name, value in table.items():
            said = plain_line(note((*place, name))) if note else ""
            lines.append(f"{_key(name)} = {_value(value)}" + (f"  # {said}" if said else ""))
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def _tables(table: Settings, place: Place) -> Iterator[tuple[Place, Settings]]:
    """Yield the plain keys of each table, its own before those of the tables in it."""
    plain = {key: value for key, value in table.items() if not isinstance(value, Mapping)}
    inner = {key: value for key, value in table.items() if isinstance(value, Mapping)}
    if plain or not (inner or not place):
        yield place, plain
    for key, value in inner.items():
        yield from _tables(value, (*place, key))


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else toml_string(name)


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(name)} = {_value(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, str):
        return toml_string(value)
    return msgspec.json.encode(value).decode()  # JSON's numbers and truth values are TOML's too


def source_of(place: Place, layers: Sequence[tuple[str, Settings]]) -> str:
    """Return the name of the last layer that says a setting, or :data:`DEFAULT` where none does."""
    return next((name for name, layer in reversed(layers) if _says(layer, place)), DEFAULT)


def named_layers(
    preset: str, of_preset: Sequence[Settings], layers: Sequence[Settings]
) -> list[tuple[str, Settings]]:
    """Return all layers of a run with what people call them: the preset, a file, or the command line."""
    return [
        *((f"preset {preset}", layer) for layer in of_preset),
        *(
            (str(layer.file) if isinstance(layer, FileSettings) else "command line", layer)
            for layer in layers
        ),
    ]


def _says(layer: object, place: Place) -> bool:
    """Whether a layer says a setting, by its key or in a word, as ``NAME:MODEL`` says two."""
    first, *rest = place
    if not isinstance(layer, Mapping) or first not in layer:
        return False
    value = layer[first]
    if not rest:
        return True
    if isinstance(value, str):
        return rest[0] in ("name", "policy") or (":" in value and rest[0] == "model")
    if isinstance(value, Mapping):
        return _says(value, tuple(rest))
    return False
