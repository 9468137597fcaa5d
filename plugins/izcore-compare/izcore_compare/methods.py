"""Methods by name: presets, and TOML files."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import izcore
from izcore.plugin import ConfigError, UsageError, about, user_path

DEFAULT_PRESET = "default"
"""What a TOML file's settings lie over where it names no preset."""

Settings = Mapping[str, Any]


def read_methods(registry: "izcore.Registry", named: Iterable[str]) -> dict[str, Settings]:
    """Return the settings of each method by its name: a preset's name, or a TOML file whose stem is the name.

    Raises UsageError for names that nothing answers to, that occur twice, or of which there is one alone.
    """
    methods: dict[str, Settings] = {}
    for text in named:
        path = user_path(text)
        if text.endswith(".toml"):
            name, settings = path.stem, {"preset": DEFAULT_PRESET, **izcore.read_toml(path)}
        else:
            name, settings = text, {"preset": text}
        registry.presets.settings(str(settings["preset"]))
        if name in methods:
            raise UsageError(f"Two methods are named {name!r}.", hint="Rename one of the TOML files.")
        methods[name] = settings
    if len(methods) < 2:
        raise UsageError(
            f"A comparison needs at least two methods, not {len(methods)}.",
            hint=f"Presets: {', '.join(registry.presets.summaries())}; or TOML files.",
        )
    return methods


def config_of(
    registry: "izcore.Registry", name: str, settings: Settings, common: Sequence[Settings], max_calls: int
) -> "izcore.RunConfig":
    """Return a method's configuration: own defaults, its settings but for baselines, and the common ones.

    Answers from the cache count as calls, so that no method does better for coming after another.
    """
    fixed = {
        "preset": settings["preset"],
        "budget": {"max_calls": max_calls, "count_cached": True},
    }
    with about(name):
        of_method = {key: value for key, value in settings.items() if key != "baselines"}
        layers = [*izcore.own_defaults(), of_method, *common, fixed]
        config = izcore.configure(layers, registry=registry)
        for limit in ("max_tokens", "max_cost"):
            if getattr(config.budget, limit) is not None:
                raise ConfigError(
                    f"budget.{limit}: methods are compared at the same number of calls.",
                    hint="Take it out of its file, or of izcore.toml; --max-calls is the only limit.",
                )
    return config


def check_comparable(registry: "izcore.Registry", configs: Mapping[str, "izcore.RunConfig"]) -> None:
    """Raise UsageError for methods that are the same, or differ in what scores their instructions."""
    for (a, first), (b, second) in itertools.combinations(configs.items(), 2):
        if first == second:
            raise UsageError(f"The methods {a} and {b} have the same settings.")
        _check_same(registry, "scorer", {a: first.scorer, b: second.scorer})
        _check_same(registry, "metric", {a: first.metric, b: second.metric})


def _check_same(
    registry: "izcore.Registry",
    kind: Literal["scorer", "metric"],
    choices: "Mapping[str, izcore.BackendChoice | None]",
) -> None:
    (a, mine), (b, theirs) = choices.items()
    if mine != theirs:
        assert mine is not None, "a plan fills in the metric"
        assert theirs is not None, "a plan fills in the metric"
        raise UsageError(
            f"The methods differ in their {kind}: {a} has {registry.describe(kind, mine)}, "
            f"{b} has {registry.describe(kind, theirs)}.",
            hint=f"Choose one for all of them: --{kind} NAME",
        )
