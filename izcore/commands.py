"""What a plugin's command shares with those of ``iz`` itself: options, the registry, consoles, JSON.

Errors need nothing: an :class:`~izcore.plugin.errors.IzError` that a command raises is shown as a message
with its hint, and ends ``iz`` with the error's exit code.

>>> import typer
>>> from izcore.commands import JsonOption, print_json, registry_of, say, stdout_kept_clean
>>> def scorers(context: typer.Context, json: JsonOption = False) -> None:
...     with stdout_kept_clean():
...         names = [found.backend.name for found in registry_of(context).backends("scorer")]
...     print_json(names) if json else say(" ".join(names))
"""

from izcore.cli.options import (
    ConfigOption,
    CoordinateOption,
    GeneratorOption,
    LogFileOption,
    LogTextOption,
    MaxCallsOption,
    MaxCostOption,
    MaxTokensOption,
    MetricOption,
    NoCacheOption,
    PresetOption,
    ScorerOption,
    SeedOption,
    SetOption,
    StartOption,
    SurrogateOption,
    TaskArgument,
    TemplateOption,
    TrackerOption,
)
from izcore.cli.shared import (
    DbOption,
    JsonOption,
    RunArgument,
    complain,
    err,
    out,
    print_json,
    registry_of,
    say,
    stdout_kept_clean,
)

__all__ = [
    "ConfigOption",
    "CoordinateOption",
    "DbOption",
    "GeneratorOption",
    "JsonOption",
    "LogFileOption",
    "LogTextOption",
    "MaxCallsOption",
    "MaxCostOption",
    "MaxTokensOption",
    "MetricOption",
    "NoCacheOption",
    "PresetOption",
    "RunArgument",
    "ScorerOption",
    "SeedOption",
    "SetOption",
    "StartOption",
    "SurrogateOption",
    "TaskArgument",
    "TemplateOption",
    "TrackerOption",
    "complain",
    "err",
    "out",
    "print_json",
    "registry_of",
    "say",
    "stdout_kept_clean",
]
