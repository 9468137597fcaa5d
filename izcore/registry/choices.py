"""A backend as it is registered, and as it is chosen for a run."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec

from izcore.plugin.errors import ConfigError, UnknownNameError
from izcore.plugin.kinds import Kind
from izcore.plugin.record import Record
from izcore.plugin.registrations import BackendRegistration
from izcore.registry.discovery import PluginInfo


class Registered(Record):
    """A backend and the plugin that it came from."""

    kind: Kind
    backend: BackendRegistration
    plugin: PluginInfo

    @property
    def key(self) -> str:
        """Where a configuration holds its options: of each kind a run has one, but any number of trackers."""
        if self.kind == "tracker":
            return f"trackers.{self.backend.name}"
        return "evaluation" if self.kind == "evaluation_policy" else self.kind


class BackendChoice(Record):
    """A backend chosen for a run, with every option at its effective value."""

    name: str
    options: Mapping[str, Any] = {}


def name_and_options(named: object) -> tuple[str, dict[str, Any]]:
    """Split what names a backend, a text or a table with a name, into its name and the options.

    The name is empty where nothing is named.
    """
    table = {"name": named} if isinstance(named, str) else named
    if not isinstance(table, Mapping):
        return "", {}
    return str(table.get("name") or ""), {key: each for key, each in table.items() if key != "name"}


def changed_options(backend: BackendRegistration, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that are not the default, and the one that stands behind a colon in any case."""
    defaults = {
        field.name: field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
        for field in msgspec.structs.fields(backend.options)
        if not field.required
    }
    return {
        name: value
        for name, value in options.items()
        if (name == backend.argument and value)
        or msgspec.json.encode(value) != msgspec.json.encode(defaults.get(name))
    }


@contextmanager
def telling_where(where: str) -> Iterator[None]:
    """Put before the message of an error in a choice where it was made."""
    try:
        yield
    except (ConfigError, UnknownNameError) as error:
        raise type(error)(f"{where}: {error.message}", hint=error.hint) from None
