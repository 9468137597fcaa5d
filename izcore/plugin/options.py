"""Validates options, and describes them for people, from the same declaration."""

import types
import typing
from collections.abc import Mapping

import msgspec

from izcore.plugin.errors import ConfigError, nearest_names
from izcore.plugin.numbers import find_infinite
from izcore.plugin.record import Options, Record

T = typing.TypeVar("T")


class OptionDescription(Record):
    """One option: its name, type, range, default and meaning, as text."""

    name: str
    type: str
    default: str
    description: str


def convert_options(options: type[Options], raw: Mapping[str, typing.Any], *, where: str) -> Options:
    """Validate raw options; the error names the option as ``where.option`` and what is near."""
    known = [field.name for field in msgspec.structs.fields(options)]
    for key in raw:
        if key not in known:
            raise ConfigError(f"{where}.{key}: unknown option.", hint=nearest_names(key, known))
    return convert_settings(raw, options, where=where)


def convert_settings(raw: Mapping[str, typing.Any], wanted: type[T], *, where: str = "") -> T:
    """Validate raw settings; the error names the key.

    Infinity and NaN are refused: no run could keep them.
    """
    try:
        settings = msgspec.convert(dict(raw), wanted, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigError(explain_validation(error, where)) from None
    if found := find_infinite(msgspec.to_builtins(settings), where):
        raise ConfigError(f"{found[0]}: expected a finite number, got {found[1]}.")
    return settings


def explain_validation(error: msgspec.ValidationError, where: str) -> str:
    """Turn msgspec's message into ``where.key: expected …``."""
    text, _, path = str(error).partition(" - at `$")
    key = (where + path.rstrip("`")).lstrip(".") or "configuration"
    return f"{key}: {text[:1].lower()}{text[1:]}."


def describe_options(options: type[msgspec.Struct]) -> list[OptionDescription]:
    """Describe every field of an option class, in order."""
    hints = typing.get_type_hints(options, include_extras=True)
    described = []
    for field in msgspec.structs.fields(options):
        kind, metas = _unwrap(hints[field.name])
        ranges = [text for meta in metas for text in _ranges(meta)]
        default = "required" if field.required else _default(field)
        description = " ".join(meta.description for meta in metas if meta.description)
        described.append(
            OptionDescription(
                name=field.name,
                type=", ".join([_type_name(kind), *ranges]),
                default=default,
                description=description,
            )
        )
    return described


def _unwrap(hint: object) -> tuple[object, list[msgspec.Meta]]:
    """Strip Annotated, wherever it stands in a union, and collect what it says."""
    if typing.get_origin(hint) is typing.Annotated:
        inner, *extras = typing.get_args(hint)
        kind, metas = _unwrap(inner)
        return kind, [*metas, *(extra for extra in extras if isinstance(extra, msgspec.Meta))]
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        parts = [_unwrap(part) for part in typing.get_args(hint)]
        return typing.Union[tuple(part for part, _ in parts)], [m for _, metas in parts for m in metas]  # noqa: UP007
    return hint, []


def _type_name(kind: object) -> str:
    if kind is type(None):
        return "none"
    if typing.get_origin(kind) is typing.Literal:
        return " | ".join(str(value) or "empty" for value in typing.get_args(kind))
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return " | ".join(_type_name(part) for part in typing.get_args(kind))
    if typing.get_origin(kind) is Mapping:
        return "table"
    if typing.get_origin(kind) is tuple:
        return f"list of {_type_name(typing.get_args(kind)[0])}"
    return kind.__name__ if isinstance(kind, type) else str(kind).replace("typing.", "")


def _ranges(meta: msgspec.Meta) -> list[str]:
    signs = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}
    return [f"{sign} {getattr(meta, key)}" for key, sign in signs.items() if getattr(meta, key) is not None]


def _default(field: msgspec.structs.FieldInfo) -> str:
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    if isinstance(value, type):
        return value.__name__
    return "none" if value is None else str(msgspec.to_builtins(value))
