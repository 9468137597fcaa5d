"""Writes the reference pages from the code, so that they cannot say anything else.

A line ``<!-- generated: NAME -->`` in a page becomes the text of that name, and every ``toml`` block is
read as a configuration; one that the code would refuse is a warning, which fails the build.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module
from itertools import groupby
from typing import Any

import msgspec
import typer
from typer.main import get_command

from izcore import plugin
from izcore.cli import app
from izcore.config.layers import BACKEND_KEYS, EVALUATION_KEY, build_config
from izcore.config.schema import (
    Evaluation,
    FewShot,
    Limits,
    Objective,
    RateLimits,
    ReasoningMarks,
    Retries,
    RunConfig,
    SearchSize,
    SplitSizes,
)
from izcore.plugin import hookspecs
from izcore.plugin.errors import IzError
from izcore.plugin.kinds import KINDS, Kind, plural
from izcore.plugin.options import OptionDescription, describe_options
from izcore.plugin.records import Price, Record
from izcore.registry.choices import Registered
from izcore.registry.event_dispatch import HOOK_OF
from izcore.registry.registry import Registry, discover
from izcore.testing import (
    ChatScorerConformance,
    CommandConformance,
    EvaluationPolicyConformance,
    ExecutorConformance,
    ExporterConformance,
    GeneratorConformance,
    MetricConformance,
    ScorerConformance,
    SurrogateConformance,
    TaskConformance,
    TrackerConformance,
)
from izcore.testing.backends import BackendConformance
from izcore.testing.conformance import Conformance

MARKER = re.compile(r"^<!-- generated: ([\w-]+) -->$", re.MULTILINE)
TOML_BLOCK = re.compile(r"^```toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OTHER_TOML = "# pyproject.toml"
"""First line of a ``toml`` block that is no configuration of a run."""

ANY_RUN = {"task": "reviews.csv", "generator": "pool:prompts.txt", "scorer": "openai:gpt-4o-mini"}
"""What a block that holds only a part of a configuration is completed with."""

TABLES: Mapping[str, type[Record]] = {
    "splits": SplitSizes,
    "search": SearchSize,
    "evaluation": Evaluation,
    "objective": Objective,
    "few_shot": FewShot,
    "budget": Limits,
    "retries": Retries,
    "rate": RateLimits,
    "reasoning": ReasoningMarks,
}
MEANINGS = {
    "task": "What to optimise for: a task's name, or the path of a file or folder",
    "generator": "Who writes the instructions",
    "scorer": "The black-box model that follows them",
    "surrogate": "What proposes where to look next",
    "metric": "How an answer is compared with the targets; else the task's own",
    "prompt_template": "Text with {instruction}, {input}, maybe {exemplars}; else the task's or the default",
    "baselines": "Your own instructions to compare the winner with",
    "preset": "Named settings that all others lie over",
    "seed": "Decides splits, latents and everything random",
    "splits": "How many examples go where",
    "search": "How many latents are tried: initial + batch * rounds",
    "objective": "What length and cost take off an instruction's score",
    "few_shot": "Solved examples in the black box's prompt",
    "evaluation": "How many examples each instruction is scored on",
    "warm_start": "Id of an earlier run on the same task, whose best instructions come first",
    "warm_start_trials": "How many of them, at most as many as search.initial",
    "trackers": "Where else a record of the run is kept: a list of names, or tables of options by name",
    "budget": "Hard limits",
    "retries": "How long a failing call is tried again",
    "rate": "How fast each model may be asked",
    "reasoning": "How a model's reasoning is told from its answer",
    "prices": "Prices of models that the scorer's own list does not know",
    "cache": "Whether answers that other runs paid for are used",
}
PLUGIN_MODULES = {
    "izcore.plugin.protocols": "What a backend must be able to do",
    "izcore.plugin.records": "Records",
    "izcore.plugin.evaluation": "Records of evaluation policies",
    "izcore.plugin.run_record": "Runs as people and exporters read them",
    "izcore.plugin.exports": "Records of exporters",
    "izcore.plugin.jobs": "Records of executors",
    "izcore.plugin.registrations": "Records that register",
    "izcore.plugin.events": "Records of events",
    "izcore.plugin.errors": "Errors",
    "izcore.plugin.seeds": "Seeds",
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
    "izcore.plugin.metric_figures": "Numbers that trackers show",
    "izcore.plugin.interrupts": "Interrupts",
    "izcore.plugin.process_settings": "Settings of a process",
}
KITS: Mapping[str, type[Conformance]] = {
    "Every kind": Conformance,
    "Every kind that is built from options": BackendConformance,
    "Generators": GeneratorConformance,
    "Scorers": ScorerConformance,
    "Scorers behind HTTP": ChatScorerConformance,
    "Surrogates": SurrogateConformance,
    "Tasks": TaskConformance,
    "Metrics": MetricConformance,
    "Evaluation policies": EvaluationPolicyConformance,
    "Trackers": TrackerConformance,
    "Executors": ExecutorConformance,
    "Exporters": ExporterConformance,
    "Commands": CommandConformance,
}
NOT_OVERRIDDEN = (
    "subject",
    "backend",
    "make",
    "usual",
    "data",
    "_exemptions",
    "written",
    "key_in_environment",
)
FIXTURE = type(vars(Conformance)["subject"])
ROLE = re.compile(r":\w+:`[~.]?([^`]+)`")
PLAIN_VALUES = (
    "API_VERSION",
    "BLANK_INSTRUCTION",
    "Ask",
    "FinishReason",
    "Latent",
    "Meta",
    "Row",
    "hookimpl",
)
"""Names of izcore.plugin that are no class or function of its own; the page explains them in words."""

LIMITS = {
    "max_calls": "Most paid calls; those answered from the cache are free, unless `count_cached` is set",
    "max_tokens": "Most input and output tokens together",
    "max_cost": "Most US dollars; needs a known price",
}


def replace_markers(text: str) -> str:
    """Return a page with what its markers stand for."""
    return MARKER.sub(lambda match: GENERATED[match[1]](), text)


def configuration_problems(text: str) -> Iterator[str]:
    """Yield what is wrong with the ``toml`` blocks of a page."""
    for match in TOML_BLOCK.finditer(text):
        line = text[: match.start(1)].count("\n") + 1
        try:
            settings = tomllib.loads(match[1])
            if not match[1].startswith(OTHER_TOML):
                build_config(registry(), [ANY_RUN, settings], RunConfig)
        except (tomllib.TOMLDecodeError, IzError) as error:
            yield f"toml block at line {line}: {error}"


@cache
def registry() -> Registry:
    """Return what is installed."""
    return discover()


# --- the command line ----------------------------------------------------------------------------


def command_line() -> Any:
    """Return the commands of ``iz``, with those of the installed plugins, imported."""
    root: Any = get_command(app)
    for command in discover().commands():
        root.add_command(root.get_command(typer.Context(root), command.name), command.name)
    return root


def commands() -> str:
    """Describe every command: what it does, usage, arguments, options."""
    root = command_line()
    parts = ["## `iz`\n", "These options come before the command.\n", _parameters(root, "iz")]
    for path, command in leaves(root, ("iz",)):
        name = " ".join(path)
        arguments = [p.metavar or p.name.upper() for p in command.params if p.param_type_name == "argument"]
        usage = " ".join([name, "[OPTIONS]", *arguments])
        parts += [f"## `{name}`\n", f"{escape(command.help or '')}\n", f"```text\n{usage}\n```\n"]
        parts.append(_parameters(command, name))
    return "\n".join(parts)


def leaves(group: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every command below a group, with the words that call it."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from leaves(command, (*path, name))
        else:
            yield (*path, name), command


def _parameters(command: Any, name: str) -> str:
    context = typer.Context(command, info_name=name)
    rows: dict[str, list[tuple[str, str]]] = {"argument": [], "option": []}
    for parameter in command.params:
        spelling, meaning = parameter.get_help_record(context)
        if parameter.param_type_name == "argument":
            spelling = parameter.metavar or spelling
        rows[parameter.param_type_name].append((f"`{spelling}`", escape(meaning)))
    return "\n".join(table((kind, "what"), found) for kind, found in rows.items() if found)


# --- the configuration ---------------------------------------------------------------------------


def configuration() -> str:
    """Describe the keys of a configuration and its tables."""
    fields = {field.name: field for field in msgspec.structs.fields(RunConfig)}
    if fields.keys() != MEANINGS.keys():
        raise ValueError(f"MEANINGS does not fit RunConfig: {fields.keys() ^ MEANINGS.keys()}")
    described = {option.name: option for option in describe_options(RunConfig)}
    rows = [
        (f"`{key}`", _key_type(key, described[key]), _key_default(key, fields[key]), escape(meaning))
        for key, meaning in MEANINGS.items()
    ]
    parts = [table(("key", "type", "default", "what"), rows)]
    for name, options in TABLES.items():
        parts += [f"### `[{name}]`\n", f"{escape(_first_line(options))}\n", options_table(options, LIMITS)]
    parts += ['### `[prices."MODEL"]`\n', f"{escape(_first_line(Price))}\n", options_table(Price)]
    return "\n".join(parts)


def _key_type(key: str, described: OptionDescription) -> str:
    if key in BACKEND_KEYS:
        return "name, `name:argument`, or table"
    if key in (*TABLES, "prices"):
        return "table"
    return escape(described.type)


def _key_default(key: str, field: msgspec.structs.FieldInfo) -> str:
    if key in (*TABLES, "prices"):
        return "see below" if key in TABLES else "none"
    if key in BACKEND_KEYS:
        return "required" if key == "task" else "the task's" if key == "metric" else "the preset's"
    return f"`{field.default}`" if field.default not in ("", ()) else "empty"


def presets() -> str:
    """Show every preset with its settings, merged from the core and all installed plugins."""
    parts = []
    for name, summary in registry().presets.summaries().items():
        settings = merged_preset(registry(), name)
        parts += [f"### `{name}`\n", f"{escape(summary)}.\n", f"```toml\n{as_toml(settings)}```\n"]
    return "\n".join(parts)


def merged_preset(found: Registry, name: str) -> dict[str, Any]:
    """Merge the parts of a preset; a backend that a later part replaces takes its options with it."""
    merged: dict[str, Any] = {}
    for layer in found.presets.settings(name):
        for key, value in layer.items():
            settings = {"name": value} if key in BACKEND_KEYS and isinstance(value, str) else value
            if not isinstance(settings, Mapping):
                merged[key] = settings
                continue
            before = merged.get(key, {})
            choice = "policy" if key == EVALUATION_KEY else "name"
            chosen = before.get(choice)
            replaced = key in (*BACKEND_KEYS, EVALUATION_KEY) and settings.get(choice, chosen) != chosen
            kept = {k: v for k, v in before.items() if k == "finalists"} if replaced else before
            merged[key] = {**kept, **settings}
    return merged


def as_toml(settings: Mapping[str, Any]) -> str:
    """Write settings as TOML, plain keys first."""
    plain = {key: value for key, value in settings.items() if not isinstance(value, Mapping)}
    tables = {key: value for key, value in settings.items() if isinstance(value, Mapping)}
    text = "".join(f"{key} = {_toml_value(value)}\n" for key, value in plain.items())
    for key, table_ in tables.items():
        lines = "".join(f"{name} = {_toml_value(value)}\n" for name, value in table_.items())
        text += f"{chr(10) if text else ''}[{key}]\n{lines}"
    return text


def _toml_value(value: Any) -> str:
    # JSON's strings, numbers and lists are TOML's too.
    return msgspec.json.encode(value).decode()


def backends() -> str:
    """Describe the options of every installed backend, by kind."""
    return "\n".join(_backends_of(kind) for kind in KINDS if registry().backends(kind))


def _backends_of(kind: Kind) -> str:
    parts = [f"### {plural(kind).capitalize()}\n"]
    found = sorted(
        registry().backends(kind), key=lambda r: (r.plugin.distribution, r.backend.options.__qualname__)
    )
    for _, group in groupby(found, key=lambda r: (r.plugin.distribution, r.backend.options)):
        alike = list(group)
        parts += [_names_of(alike), options_table(alike[0].backend.options)]
    return "\n".join(parts)


def _names_of(alike: Sequence[Registered]) -> str:
    lines = []
    for found in alike:
        backend = found.backend
        paths = getattr(backend, "paths", ())
        extras = [f"`{backend.name}:{backend.argument.upper()}`"] if backend.argument else []
        extras += [f"reads {', '.join(f'`{path}`' for path in paths)}"] if paths else []
        extras += [f"`{key}` is `{value}`" for key, value in backend.defaults.items()]
        more = f" ({'; '.join(extras)})" if extras else ""
        lines.append(f"- **{backend.name}**{more}: {escape(backend.summary)}")
    return f"From {alike[0].plugin.distribution}:\n\n" + "\n".join(lines) + "\n"


# --- what plugin authors import ------------------------------------------------------------------


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


# --- the conformance kit -------------------------------------------------------------------------


def conformance() -> str:
    """Say what each check of the kit promises, in the words of its docstring."""
    parts = []
    for heading, kit in KITS.items():
        checks = [(name, check) for name, check in vars(kit).items() if name.startswith("test_")]
        lines = "\n".join(f"- `{name}`: {_said(check)}" for name, check in checks)
        parts.append(f"### {heading}\n\n{lines}\n")
    return "\n".join(parts)


def conformance_fixtures() -> str:
    """Return a table of the fixtures that an author may override."""
    rows = [
        (heading.lower(), f"`{name}`", _said(member))
        for heading, kit in KITS.items()
        for name, member in vars(kit).items()
        if isinstance(member, FIXTURE) and name not in NOT_OVERRIDDEN
    ]
    return table(("for", "fixture", "what"), rows)


def _said(documented: Any) -> str:
    text = " ".join((documented.__doc__ or "").split())
    return ROLE.sub(r"`\1`", text).replace("``", "`")


# --- Markdown ------------------------------------------------------------------------------------


def options_table(options: type[msgspec.Struct], meanings: Mapping[str, str] | None = None) -> str:
    """Return a table of an option class; ``meanings`` helps where the code has no description."""
    rows = [
        (
            f"`{option.name}`",
            escape(option.type.replace("BackendChoice", "name")),
            _default(option),
            escape(option.description or (meanings or {}).get(option.name, "")),
        )
        for option in describe_options(options)
    ]
    return table(("option", "type", "default", "what"), rows) if rows else "No options.\n"


def _default(option: OptionDescription) -> str:
    return (
        option.default
        if option.default == "required"
        else f"`{option.default}`"
        if option.default
        else "empty"
    )


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; columns that are empty throughout are left out."""
    filled = list(rows)
    kept = [i for i in range(len(headings)) if any(row[i] for row in filled)]
    lines = [[headings[i] for i in kept], ["---"] * len(kept), *([row[i] for i in kept] for row in filled)]
    return "".join(f"| {' | '.join(cell.replace(chr(10), ' ') for cell in line)} |\n" for line in lines)


def escape(text: str) -> str:
    """Return text that Markdown shows as it is, also in a table."""
    return re.sub(r"([\\`*_{}\[\]<>#|$~])", r"\\\1", " ".join(text.split()))


def _first_line(record: type[Record]) -> str:
    return (record.__doc__ or "").strip().splitlines()[0].replace("``", "")


GENERATED: Mapping[str, Callable[[], str]] = {
    "commands": commands,
    "configuration": configuration,
    "presets": presets,
    "backends": backends,
    "plugin-api": plugin_api,
    "hooks": hooks,
    "events": events,
    "conformance": conformance,
    "conformance-fixtures": conformance_fixtures,
}


def setup(app: Any) -> dict[str, bool]:
    """Connect to Sphinx."""
    from sphinx.util import logging

    logger = logging.getLogger(__name__)

    def write_page(_app: Any, docname: str, source: list[str]) -> None:
        for problem in configuration_problems(source[0]):
            logger.warning(problem, location=docname)
        source[0] = replace_markers(source[0])

    app.connect("source-read", write_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
