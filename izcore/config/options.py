"""The named options of a run, typed, and the layers of settings that they stand for."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypedDict, Unpack

from izcore.config.layers import Settings
from izcore.config.sources import FileSettings, own_defaults
from izcore.plugin.errors import UsageError

LIMITS = ("max_calls", "max_tokens", "max_cost")
STOP_RULES = ("target_score", "max_time")


class ScoringOptions(TypedDict, total=False):
    """What decides the score of an instruction; an option that is None counts as not given."""

    scorer: str | Callable[[Any], str | Awaitable[str]] | None
    """The black box, as ``NAME`` or ``NAME:MODEL``, or a function from a prompt to an answer."""
    metric: str | Callable[[str, Sequence[str]], float | Awaitable[float]] | None
    """How answers are compared with targets, as ``NAME`` or ``NAME:ARGUMENT``, or a function from an answer
    and its targets to a score from 0 to 1; else the task's own metric."""
    preset: str | None
    """Name of the settings that all others lie over."""
    config: str | Path | None
    """A TOML file of settings, over a person's own defaults; the named options win over it."""
    prompt_template: str | None
    """Text with ``{instruction}``, ``{input}`` or other columns; else the task's own."""
    max_calls: int | None
    """Hard limit of paid calls."""
    max_tokens: int | None
    """Hard limit of input and output tokens together."""
    max_cost: float | None
    """Hard limit of money, in US dollars."""
    seed: int | None
    """Decides splits, latents and everything random."""
    cache: bool | None
    """Whether answers that other runs paid for are used; they are, unless this is False."""
    settings: Settings | None
    """Any settings, shaped like the TOML file, or with dotted keys; they win over the named options."""


class RunOptions(ScoringOptions, total=False):
    """What decides a run: the options of scoring, and those of the search."""

    generator: str | None
    """What writes the instructions, as ``NAME`` or ``NAME:MODEL``."""
    surrogate: str | None
    """What proposes where to look next."""
    baselines: Sequence[str]
    """Your own instructions, to compare the winner with."""
    start: Sequence[str]
    """Your own instructions, which are tried first: the search never ends below them on validation."""
    coordinates: Sequence[str]
    """What completes an instruction, such as an answer's form, each as ``NAME`` or ``NAME:ARGUMENT``."""
    target_score: float | None
    """A score on the validation examples that is enough: the search ends after the round that reaches it."""
    max_time: float | str | None
    """How long the search may begin new rounds, in seconds or as ``20m``."""
    warm_start: str | None
    """An earlier run on the same data, with whose best instructions this one starts."""
    trackers: Sequence[str]
    """Where else a record of the run is kept, each as ``NAME`` or ``NAME:ARGUMENT``."""


def settings_layers(
    task: str, *, with_own_defaults: bool = True, **options: Unpack[RunOptions]
) -> list[Settings]:
    """Return the layers of settings that :func:`~izcore.config.layers.build_config` merges.

    A person's own defaults come first, unless they are to be left out, ``config`` over them, the named
    options over it, ``settings`` over all, of these those with dotted keys last. Without a ``task`` a layer
    has to name one; raises UsageError where none does.
    """
    own = own_defaults() if with_own_defaults else ()
    given: dict[str, Any] = {key: value for key, value in options.items() if value not in (None, (), [])}
    file, settings = given.pop("config", None), given.pop("settings", {})
    budget = {limit: given.pop(limit) for limit in LIMITS if limit in given}
    rules = {rule: given.pop(rule) for rule in STOP_RULES if rule in given}
    tables = {"budget": budget, "search": rules}
    named = {**given, **{name: table for name, table in tables.items() if table}}
    chosen = [FileSettings(Path(file))] if file is not None else ()
    layers = [*own, *chosen, {"task": task, **named} if task else named, *_undotted(settings)]
    if not any(layer.get("task") for layer in layers):
        raise UsageError(
            "No task is named.",
            hint="Give its name (iz tasks list) or a path, or write task into the file that --config names.",
        )
    return layers


def _undotted(settings: Settings) -> Iterator[Settings]:
    """Yield settings as layers without dots in keys: ``search.rounds`` is a key of the table ``search``."""
    yield {key: value for key, value in settings.items() if "." not in key}
    for key, value in settings.items():
        if "." in key:
            table, *parts = key.split(".")
            within = value
            for part in reversed(parts):
                within = {part: within}
            yield {table: within}
