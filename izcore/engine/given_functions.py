"""Functions given in Python as scorer or metric: the settings name them, the registry has them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from izcore.config.schema import ScoringConfig
from izcore.plugin.errors import UsageError
from izcore.plugin.function_digest import function_name
from izcore.plugin.kinds import Kind
from izcore.registry.registry import Registry

ScorerFunction = Callable[[Any], str | Awaitable[str]]
"""Called with a prompt, as text or as messages; returns the answer, perhaps as ``async def``."""

MetricFunction = Callable[[str, Sequence[str]], float | Awaitable[float]]
"""Called with an answer and its targets; returns a score from 0 to 1, perhaps as ``async def``."""

CALLABLE = "callable"
"""The scorer, and the metric, that calls such a function."""

KINDS: tuple[Kind, ...] = ("scorer", "metric")


def name_functions(registry: Registry, options: Mapping[str, Any]) -> tuple[Registry, dict[str, Any]]:
    """Return the options with the names of functions in their place, and the registry that has these.

    The settings of a run are data, so a function itself is no part of them.
    """
    functions = {kind: options[kind] for kind in KINDS if callable(options.get(kind))}
    named: dict[str, Any] = {
        str(kind): {"name": CALLABLE, "function": function_name(function)}
        for kind, function in functions.items()
    }
    return (registry.with_functions(functions) if functions else registry), {**options, **named}


def check_functions(registry: Registry, config: ScoringConfig) -> None:
    """Raise UsageError where a function of the run is not there, or one is given that it has no use for."""
    for kind in KINDS:
        choice, function = config.choice_of(kind), registry.functions.get(kind)
        wanted = str(choice.options.get("function")) if choice and choice.name == CALLABLE else ""
        given = function_name(function) if function else ""
        if wanted == given:
            continue
        if wanted:
            raise UsageError(
                f"The run's {kind} is the function {wanted}, which is not kept with it"
                f"{f'; given is {given}' if given else ''}.",
                hint=f"Give the same function again, in Python: izcore.resume(RUN, {kind}=…)",
            )
        raise UsageError(
            f"The run's {kind} is {choice.name if choice else 'that of its task'}, and no function.",
            hint=f"Leave out {kind}={given.rpartition('.')[2]}.",
        )
