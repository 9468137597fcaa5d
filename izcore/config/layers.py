"""From TOML, presets and the command line to one validated :class:`RunConfig`.

Layers, each over the one before: the preset's parts (core first, then plugins), a person's own defaults,
the TOML file, the named options of the command line, ``--set``. Every error names the key, and the file that
set it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from izcore.config.durations import seconds_of
from izcore.config.schema import (
    DEFAULT_PRESET,
    Evaluation,
    FewShot,
    Limits,
    Objective,
    RateLimits,
    ReasoningMarks,
    Retries,
    SearchSize,
    SplitSizes,
    TaskConfig,
)
from izcore.config.sources import errors_name_files
from izcore.config.stand_ins import stand_in_generator
from izcore.config.toml import DEEPEST, parse_toml
from izcore.plugin.errors import ConfigError, UsageError, nearest_names
from izcore.plugin.kinds import Kind
from izcore.plugin.options import convert_settings
from izcore.plugin.paths import user_path
from izcore.plugin.record import Record
from izcore.plugin.registrations import TaskRegistration
from izcore.registry.choices import BackendChoice
from izcore.registry.hints import known_distributions
from izcore.registry.registry import Registry
from izcore.registry.secret_options import refuse_secrets

AnyConfig = TypeVar("AnyConfig", bound=TaskConfig)
BACKEND_KEYS: tuple[Kind, ...] = ("task", "generator", "scorer", "surrogate", "metric")
TRACKERS_KEY = "trackers"
COORDINATES_KEY = "coordinates"
EVALUATION_KEY = "evaluation"
MERGED_APART = (*BACKEND_KEYS, TRACKERS_KEY, COORDINATES_KEY, EVALUATION_KEY)
SEVERAL: Mapping[str, Kind] = {TRACKERS_KEY: "tracker", COORDINATES_KEY: "coordinate"}
"""Keys under which several backends of a kind are named."""

TEXT_KEYS = ("prompt_template", "baselines", "start")
"""Keys of texts that the black box is sent, which are kept with the run and shown as options are."""

PLAIN_KEYS = (
    "prompt_template",
    "placement",
    "baselines",
    "start",
    "preset",
    "splits",
    "search",
    "objective",
    "few_shot",
    "warm_start",
    "warm_start_trials",
    "budget",
    "retries",
    "rate",
    "prices",
    "reasoning",
    "cache",
    "seed",
)

Settings = Mapping[str, Any]


def parse_assignments(assignments: Sequence[str]) -> Settings:
    """Turn ``["scorer.temperature=0", …]`` into nested settings.

    A value in TOML's list, table or quoted-string syntax is read as such, anything else as plain text
    that the option's type interprets.
    """
    settings: dict[str, Any] = {}
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        parts = [part.strip() for part in key.split(".")]
        if not equals or not all(parts):
            raise UsageError(
                f"--set {assignment!r}: not of the form key=value.", hint="Write --set search.rounds=3"
            )
        if len(parts) > DEEPEST:
            raise UsageError(f"--set {assignment!r}: no key has as many parts.")
        value: Any = text.strip()
        if value[:1] in ("[", "{", '"', "'"):
            try:
                value = parse_toml(f"value = {value}")["value"]
            except ValueError as error:
                raise UsageError(f"--set {assignment!r}: {error}.") from None
        place = settings
        for part in parts[:-1]:
            place = place.setdefault(part, {})
            if not isinstance(place, dict):
                raise UsageError(f"--set {assignment!r}: {part} was already given a plain value.")
        place[parts[-1]] = value
    return settings


def build_config(registry: Registry, layers: Sequence[Settings], wanted: type[AnyConfig]) -> AnyConfig:
    """Merge the layers over the preset that they name and validate what ``wanted`` has fields for.

    The backends' options are validated too, and recorded with their defaults filled in.
    """
    with errors_name_files(layers):
        return _build_config(registry, layers, wanted)


def _build_config(registry: Registry, layers: Sequence[Settings], wanted: type[AnyConfig]) -> AnyConfig:
    preset = next((str(layer["preset"]) for layer in reversed(layers) if layer.get("preset")), DEFAULT_PRESET)
    merged: dict[str, Any] = {}
    all_layers = [*registry.presets.settings(preset), *layers]
    for layer in all_layers:
        _merge(merged, layer)
    for kind in BACKEND_KEYS:
        speaking = [layer for layer in all_layers if layer.get(kind)]
        if speaking:
            merged[kind] = _merge_backends(kind, [layer[kind] for layer in speaking])
    if not any(layer.get("generator") for layer in layers):
        stand_in = stand_in_generator(registry, preset)
        merged |= {"generator": {"name": stand_in}} if stand_in else {}
    for key, kind in SEVERAL.items():
        named = [layer[key] for layer in all_layers if layer.get(key)]
        merged[key] = _several(registry, key, kind, named)
    merged["preset"] = preset
    fields = {field.name: field for field in msgspec.structs.fields(wanted)}
    merged = {key: value for key, value in merged.items() if key in fields}
    for key in TEXT_KEYS:
        refuse_secrets(merged.get(key), where=key)
    if EVALUATION_KEY in fields:
        merged[EVALUATION_KEY] = _evaluation(
            registry, [layer[EVALUATION_KEY] for layer in all_layers if layer.get(EVALUATION_KEY)]
        )
    for kind in BACKEND_KEYS:
        if kind in fields and fields[kind].required and not merged.get(kind, {}).get("name"):
            raise ConfigError(f"No {kind} was chosen.", hint=_how_to_choose(registry, kind))
        if kind in merged:
            chosen = dict(merged[kind])
            if "name" not in chosen:
                raise ConfigError(
                    f"{kind}: options without a name.", hint=f'Add name = "…" to [{kind}] or use --{kind}.'
                )
            name = str(chosen.pop("name"))
            merged[kind] = registry.choose(kind, *_task_choice(registry, name, chosen, kind))
    return convert_settings(merged, wanted)


def _merge(merged: dict[str, Any], layer: Settings) -> None:
    for key, value in layer.items():
        if key in MERGED_APART:
            continue
        if key not in PLAIN_KEYS:
            known = (*MERGED_APART, *PLAIN_KEYS)
            raise ConfigError(f"{key}: unknown key.", hint=nearest_names(key, known))
        if isinstance(value, Mapping):
            before = merged.get(key, {})
            if not isinstance(before, Mapping):
                raise ConfigError(f"{key}: a table is wanted, not {before!r}.")
            merged[key] = {**before, **value}
            _check_table(key, merged[key])
            if key == "search" and value.get("max_time") is not None:
                merged[key]["max_time"] = seconds_of(value["max_time"], where="search.max_time")
        elif value is not None:
            merged[key] = value


def _check_table(key: str, table: Settings) -> None:
    tables: dict[str, type[Record]] = {
        "splits": SplitSizes,
        "search": SearchSize,
        "objective": Objective,
        "few_shot": FewShot,
        "budget": Limits,
        "retries": Retries,
        "rate": RateLimits,
        "reasoning": ReasoningMarks,
    }
    if key in tables:
        known = [field.name for field in msgspec.structs.fields(tables[key])]
        for name in table:
            if name not in known:
                raise ConfigError(f"{key}.{name}: unknown key.", hint=nearest_names(name, known))


def _merge_backends(key: str, layers: Sequence[object]) -> dict[str, Any]:
    """Merge what the layers say of one backend.

    The last name wins. Options count if their layer names that backend too, or names none: the options of
    a preset's backend do not stick to another one that the user chose.
    """
    tables = [_backend_table(key, layer) for layer in layers]
    names = [str(table["name"]) for table in tables if table.get("name")]
    merged: dict[str, Any] = {}
    for table in tables:
        named = str(table.get("name") or "")
        if not named or named.partition(":")[0] == names[-1].partition(":")[0]:
            merged |= table
    return {**merged, "name": names[-1]} if names else merged


def _backend_table(key: str, layer: object) -> Settings:
    """Return what one layer says of a backend as a table."""
    if isinstance(layer, str):
        return {"name": layer}
    if not isinstance(layer, Mapping):
        raise ConfigError(f"{key}: a name or a table is wanted, not {layer!r}.")
    return layer


def _evaluation(registry: Registry, layers: Sequence[object]) -> dict[str, Any]:
    """Choose the evaluation policy that the layers name under ``policy``.

    ``finalists`` is the core's own; all other keys are options of the policy.
    """
    own = {field.name for field in msgspec.structs.fields(Evaluation)} - {"policy"}
    kept: dict[str, Any] = {}
    tables = []
    for layer in layers:
        table = {"policy": layer} if isinstance(layer, str) else _backend_table(EVALUATION_KEY, layer)
        kept |= {key: value for key, value in table.items() if key in own}
        options = {key: value for key, value in table.items() if key not in (*own, "policy")}
        tables.append({**options, "name": table["policy"]} if table.get("policy") else options)
    chosen = _merge_backends(EVALUATION_KEY, tables)
    if "name" in chosen:
        name = str(chosen.pop("name"))
        kept["policy"] = registry.choose("evaluation_policy", name, chosen)
    elif chosen:
        raise ConfigError(
            f"{EVALUATION_KEY}.{min(chosen)}: an option without a policy.",
            hint=f'Add policy = "…" to [{EVALUATION_KEY}].',
        )
    return kept


NOTHING = "none"
"""In place of a name: no backend that an earlier layer named."""


def _several(registry: Registry, key: str, kind: Kind, layers: Sequence[object]) -> tuple[BackendChoice, ...]:
    """Choose the backends that any layer names, in a list or as tables of options; later options win.

    A list that begins with ``none`` does away with what earlier layers named.
    """
    specs: dict[str, str] = {}
    options: dict[str, dict[str, Any]] = {}
    for layer in layers:
        tables = layer if isinstance(layer, Mapping) else {name: {} for name in _names(key, layer)}
        if next(iter(tables), "") == NOTHING:
            specs, options = {}, {}
            tables = {name: table for name, table in tables.items() if name != NOTHING}
        for spec, table in tables.items():
            if not isinstance(table, Mapping):
                raise ConfigError(f"{key}.{spec}: a table is wanted, not {table!r}.")
            name, colon, _ = spec.partition(":")
            if colon or name not in specs:
                specs[name] = spec
            options[name] = {**options.get(name, {}), **table}
    return tuple(registry.choose(kind, spec, options[name]) for name, spec in specs.items())


def _names(key: str, layer: object) -> Sequence[str]:
    named = [layer] if isinstance(layer, str) else layer
    if not isinstance(named, Sequence) or not all(isinstance(name, str) for name in named):
        raise ConfigError(
            f"{key}: names or tables are wanted, not {layer!r}.",
            hint=f'Write {key} = ["NAME"], or a table [{key}.NAME] of options.',
        )
    short = [name.partition(":")[0] for name in named]
    if twice := next((name for name in short if short.count(name) > 1), None):
        raise ConfigError(f"{key}: {twice!r} is there twice.", hint="Name each once.")
    return named


def _task_choice(
    registry: Registry, spec: str, options: dict[str, Any], kind: Kind
) -> tuple[str, dict[str, Any]]:
    """A TASK may be a path: then the backend that reads such files is chosen."""
    known = {found.backend.name for found in registry.backends("task")}
    if kind != "task" or spec.partition(":")[0] in known:
        return spec, options
    path = user_path(spec)
    suffix = "/" if path.is_dir() or spec.endswith("/") else path.suffix
    found = registry.task_format(suffix) if suffix else None
    if found is None:
        if path.exists():
            readable = sorted({s for task, _ in registry.registrations(TaskRegistration) for s in task.paths})
            raise UsageError(
                f"{spec}: no installed plugin reads {suffix or 'files without a suffix'}.",
                hint=f"Readable: {', '.join(readable) or 'nothing; pip install izcore-tasks'}.",
            )
        registry.find("task", spec)  # raises, with the nearest names
        raise AssertionError("unreachable")
    return found.backend.name, {**options, found.backend.argument: str(path)}


def _how_to_choose(registry: Registry, kind: Kind) -> str:
    names = [found.backend.name for found in registry.backends(kind)]
    installed = f"Choose one with --{kind} NAME. Installed: {', '.join(names) or 'none'}."
    others = {
        distribution: absent
        for distribution, offers in known_distributions().items()
        if (absent := [name for name in offers.get(kind, ()) if name not in names])
    }
    return "\n".join(
        [installed, *(f"pip install {where} brings {', '.join(found)}." for where, found in others.items())]
    )
