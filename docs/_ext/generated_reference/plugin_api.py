"""The reference of what plugin authors import: names, hooks and events."""

import re
from importlib import import_module
from typing import Any

import msgspec

from generated_reference.markdown import escape, table
from izcore import plugin
from izcore.plugin import hookspecs
from izcore.plugin.options import describe_options
from izcore.plugin.record import Record
from izcore.registry.event_dispatch import HOOK_OF

PLUGIN_MODULES = {
    "izcore.plugin.protocols": "What a backend must be able to do",
    "izcore.plugin.record": "What all records share",
    "izcore.plugin.examples": "Records of tasks and metrics",
    "izcore.plugin.target_profile": "What targets look like",
    "izcore.plugin.calls": "Records of calls",
    "izcore.plugin.reasoning": "What a model thinks before it answers",
    "izcore.plugin.trials": "Records of a search",
    "izcore.plugin.evaluation": "Records of evaluation policies",
    "izcore.plugin.coordinates": "Records of coordinates",
    "izcore.plugin.run_record": "Runs as people and exporters read them",
    "izcore.plugin.exports": "Records of exporters",
    "izcore.plugin.whole_prompts": "Prompts to take away",
    "izcore.plugin.jobs": "Records of executors",
    "izcore.plugin.registrations": "Records that register",
    "izcore.plugin.events": "Records of events",
    "izcore.plugin.errors": "Errors",
    "izcore.plugin.seeds": "Seeds",
    "izcore.plugin.digests": "Digests of files",
    "izcore.plugin.images": "Images",
    "izcore.plugin.instructions": "Instructions as texts",
    "izcore.plugin.http.chat_scorer": "Chat scorers behind HTTP",
    "izcore.plugin.http.answers": "Their answers",
    "izcore.plugin.http.failures": "Their failures",
    "izcore.plugin.http.endpoint": "Where they are",
    "izcore.plugin.http.keys": "Keys",
    "izcore.plugin.http.prices": "Prices",
    "izcore.plugin.http.clients": "HTTP clients",
    "izcore.plugin.http.error_bodies": "What HTTP errors say",
    "izcore.plugin.http.connection": "Connections that fail",
    "izcore.plugin.plain_text": "Text of others, shown as text",
    "izcore.plugin.paths": "Paths as people write them",
    "izcore.plugin.private_files": "Files that only their owner reads",
    "izcore.plugin.metric_figures": "Numbers that trackers show",
    "izcore.plugin.interrupts": "Interrupts",
    "izcore.plugin.process_settings": "Settings of a process",
}


PLAIN_VALUES = (
    "API_VERSION",
    "BLANK_INSTRUCTION",
    "Ask",
    "FinishReason",
    "IMAGE_SUFFIXES",
    "Latent",
    "Meta",
    "REASONING_MARKS",
    "Row",
    "USER",
    "hookimpl",
)
"""Names of izcore.plugin that are no class or function of its own; the page explains them in words."""


def plugin_api() -> str:
    """Document every name of izcore.plugin, by the module that defines it."""
    names = [name for name in plugin.__all__ if name not in PLAIN_VALUES]
    parts = []
    for module, heading in PLUGIN_MODULES.items():
        defined = [name for name in names if getattr(plugin, name).__module__ == module]
        found = import_module(module)
        defined.sort(key=lambda name: list(vars(found)).index(name))
        directives = "\n".join(_autodoc(module, getattr(plugin, name)) for name in defined)
        parts.append(f"### {heading}\n\n```{{eval-rst}}\n{directives}\n```\n")
        names = [name for name in names if name not in defined]
    if names:
        raise ValueError(f"izcore.plugin has names that no module of PLUGIN_MODULES defines: {names}")
    return "\n".join(parts)


def hooks() -> str:
    """Document every hook."""
    names = [name for name in vars(hookspecs) if name.startswith("izcore_")]
    directives = "\n".join(f".. autofunction:: izcore.plugin.hookspecs.{name}" for name in names)
    return f"```{{eval-rst}}\n{directives}\n```\n"


def events() -> str:
    """Document what an event log holds: every event and its fields."""
    parts = []
    for record, hook in HOOK_OF.items():
        described = describe_options(record)
        rows = [(f"`{field.name}`", escape(field.type)) for field in described]
        meaning = " ".join((record.__doc__ or "").replace("``", "`").split())
        parts.append(f"### `{hook.removeprefix('izcore_')}`\n\n{meaning}\n\n{table(('field', 'type'), rows)}")
    return "\n".join(parts)


def record_fields(record: type[Record]) -> list[tuple[str, str, str]]:
    """Return name, type and default of every field of a record, as the pages for authors show them."""
    defaults = {field.name: field.default for field in msgspec.structs.fields(record)}
    return [
        (
            f"`{field.name}`",
            re.sub(r"\b(\w+\.)+", "", field.type).replace("|", r"\|"),
            f"`{defaults[field.name]!r}`"
            if isinstance(defaults[field.name], bool | int | float)
            else f"`{type(defaults[field.name]).__name__}()`"
            if isinstance(defaults[field.name], Record)
            else {"()": "empty", "{}": "empty", "": "empty"}.get(field.default, field.default),
        )
        for field in describe_options(record)
    ]


def _autodoc(module: str, documented: Any) -> str:
    name = f"{module}.{documented.__name__}"
    if not isinstance(documented, type):
        return f".. autofunction:: {name}"
    kind = "autoexception" if issubclass(documented, Exception) else "autoclass"
    return f".. {kind}:: {name}\n   :members:" if kind == "autoclass" else f".. {kind}:: {name}"
