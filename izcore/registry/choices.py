"""A backend as it is registered, and as it is chosen for a run."""

from collections.abc import Mapping
from typing import Any

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
