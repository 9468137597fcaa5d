"""The bases of what travels between the parts: frozen records, and a backend's options.

One request record goes into a backend and one result record comes out, so that fields with defaults
can be added without breaking a plugin. All of them are plain data: they serialise to JSON and back.
"""

from typing import Any, dataclass_transform

import msgspec


class _FrozenKeywordOnly(msgspec.StructMeta):
    """Makes subclasses frozen and keyword-only without saying so each time (msgspec inherits only one)."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **config: Any) -> Any:
        return super().__new__(mcs, name, bases, namespace, **{"frozen": True, "kw_only": True, **config})


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class Record(msgspec.Struct, metaclass=_FrozenKeywordOnly, frozen=True, kw_only=True):
    """Base of all records: immutable, keyword-only, comparable, JSON-serialisable."""


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class Options(
    msgspec.Struct, metaclass=_FrozenKeywordOnly, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """Base of a backend's options.

    Subclass it with typed fields and defaults. ``Annotated[int, Meta(ge=1, description="…")]`` gives
    range and meaning; the same declaration validates TOML and ``--set``, and documents itself.
    """
