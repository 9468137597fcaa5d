"""What is tested: a backend of a plugin, with options, and the reasons for checks that do not fit it."""

import importlib
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import msgspec

from izcore.plugin.calls import Ask, AskRequest, AskResult, Completion, Prompt, Usage
from izcore.plugin.hookspecs import API_VERSION
from izcore.plugin.kinds import Kind, words
from izcore.plugin.options import convert_options
from izcore.plugin.record import Options, Record
from izcore.plugin.registrations import BackendContext, BackendRegistration
from izcore.registry.discovery import PluginInfo
from izcore.registry.imports import import_object
from izcore.registry.registry import Registry


class Subject(Record):
    """A backend under test.

    ``plugin`` is the import path of the light module that the entry point names; ``name`` the backend's name;
    ``options`` what a user would set. ``exempt`` gives a reason for each check (``test_…``) that does not fit
    this backend: it then shows as skipped, with the reason. Raises ValueError for a reason that is empty.
    """

    plugin: str
    name: str
    options: Mapping[str, Any] = {}
    exempt: Mapping[str, str] = {}

    def __post_init__(self) -> None:
        for check, reason in self.exempt.items():
            if not reason.strip():
                raise ValueError(f"Subject.exempt: say why {check} does not fit {self.name}.")

    def find(self, kind: Kind) -> Any:
        """Return what the plugin registers under the name; LookupError says why it is not there."""
        registry, refusal = load_alone(self.plugin)
        if refusal:
            raise LookupError(f"{self.plugin} cannot be used: {refusal}")
        offered = [each.backend for each in registry.backends(kind)]
        found = {each.name: each for each in (registry.commands() if kind == "command" else offered)}
        if self.name not in found:
            raise LookupError(
                f"{self.plugin} registers no {words(kind)} named {self.name!r}, but {sorted(found)}."
            )
        return found[self.name]

    def chosen_options(self, backend: BackendRegistration) -> Options:
        """Return the options as the core validates them, the registered defaults included."""
        return convert_options(backend.options, {**backend.defaults, **self.options}, where=self.name)

    def build(self, backend: BackendRegistration, context: BackendContext) -> Any:
        """Build the backend from options that went through the database, as those of every run do."""
        stored = msgspec.to_builtins(self.chosen_options(backend))
        return import_object(backend.factory)(msgspec.convert(stored, backend.options, strict=False), context)


def load_alone(plugin: str) -> tuple[Registry, str]:
    """Return a registry with the hooks of this plugin alone, and why they were refused, if they were.

    What the plugin says about its API version plays no part here: that is a check of its own.
    """
    module = importlib.import_module(plugin)
    hooks = {name: getattr(module, name) for name in dir(module) if name.startswith("izcore_")}
    return _registry_with(SimpleNamespace(**hooks, IZCORE_API=API_VERSION))


def refused_version(plugin: str) -> str:
    """Return why the core refuses the API version of a plugin; empty where it does not."""
    declared = vars(importlib.import_module(plugin)).get("IZCORE_API")
    return _registry_with(SimpleNamespace(IZCORE_API=declared))[1]


def _registry_with(plugin: object) -> tuple[Registry, str]:
    registry = Registry()
    registry.add(plugin, PluginInfo(name="subject", distribution="subject", version="0", status="loaded"))
    return registry, registry.plugins[-1].reason


def answering(answer: Callable[[Prompt], str]) -> Ask:
    """Return an ``ask`` in which ``answer`` is the model, for backends that ask one."""

    async def ask(request: AskRequest) -> AskResult:
        return AskResult(
            completions=tuple(
                Completion(text=answer(prompt), usage=Usage(input_tokens=1, output_tokens=1))
                for prompt in request.prompts
            )
        )

    return ask
