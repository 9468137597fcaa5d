"""The reference of a run's configuration, its presets and backends, and the check of the pages' own."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import msgspec

from generated_reference.installed import registry
from generated_reference.markdown import escape, first_line, options_table, table
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
from izcore.config.written import as_toml
from izcore.plugin.calls import Price
from izcore.plugin.errors import IzError
from izcore.plugin.kinds import KINDS, Kind, plural
from izcore.plugin.options import OptionDescription, describe_options
from izcore.plugin.record import Record
from izcore.registry.choices import Registered
from izcore.registry.registry import Registry

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
    "prompt_template": "Text with {instruction}, {input} or other columns; else the task's or the default",
    "placement": "Where the instruction stands: in `one-message` with the input, or as `system` message",
    "baselines": "Your own instructions to compare the winner with",
    "preset": "Named settings that all others lie over",
    "seed": "Decides splits, latents and everything random",
    "splits": "How many examples go where",
    "search": "How many latents are tried: initial + batch * rounds",
    "objective": "What length and cost take off an instruction's score",
    "few_shot": "Solved examples in the black box's prompt",
    "evaluation": "How many examples each instruction is scored on",
    "start": "Your own instructions, tried first with every choice of the coordinates",
    "coordinates": "What completes an instruction: a list of names, or tables of options by name",
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


LIMITS = {
    "max_calls": "Most paid calls; those answered from the cache are free, unless `count_cached` is set",
    "max_tokens": "Most input and output tokens together",
    "max_cost": "Most US dollars; needs a known price",
}


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
        parts += [f"### `[{name}]`\n", f"{escape(first_line(options))}\n", options_table(options, LIMITS)]
    parts += ['### `[prices."MODEL"]`\n', f"{escape(first_line(Price))}\n", options_table(Price)]
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
