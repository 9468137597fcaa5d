"""The options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

TaskArgument = Annotated[str, typer.Argument(metavar="TASK", help="A task's name (iz tasks list) or a path.")]
GeneratorOption = Annotated[
    str | None, typer.Option("--generator", metavar="NAME[:MODEL]", help="What writes the instructions.")
]
SurrogateOption = Annotated[
    str | None, typer.Option("--surrogate", metavar="NAME", help="What proposes where to look next.")
]
ScorerOption = Annotated[
    str | None, typer.Option("--scorer", metavar="NAME[:MODEL]", help="The black-box model.")
]
MetricOption = Annotated[
    str | None, typer.Option("--metric", metavar="NAME[:ARG]", help="How answers are compared with targets.")
]
PresetOption = Annotated[
    str | None, typer.Option("--preset", metavar="NAME", help="Named settings: default, quick, paper …")
]
ConfigOption = Annotated[
    str | None,
    typer.Option("--config", metavar="FILE", help="Settings in TOML; the command line wins over them."),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Any setting, such as search.rounds=3 (may be repeated)."
    ),
]
TemplateOption = Annotated[
    str | None,
    typer.Option(
        "--template", metavar="TEXT", help="Prompt template with {instruction}, {input}, maybe {exemplars}."
    ),
]
MaxCallsOption = Annotated[
    int | None, typer.Option("--max-calls", metavar="N", help="Hard limit of paid calls.", min=1)
]
MaxTokensOption = Annotated[
    int | None, typer.Option("--max-tokens", metavar="N", help="Hard limit of tokens.", min=1)
]
MaxCostOption = Annotated[
    float | None, typer.Option("--max-cost", metavar="USD", help="Hard limit of money.")
]
TrackerOption = Annotated[
    list[str] | None,
    typer.Option(
        "--tracker", metavar="NAME[:ARG]", help="Where else to keep a record of the run (may be repeated)."
    ),
]
NoCacheOption = Annotated[
    bool, typer.Option("--no-cache", help="Ask everything anew; use no answer that another run paid for.")
]
LogFileOption = Annotated[
    Path | None,
    typer.Option("--log-file", metavar="FILE", help="Append one JSON line per call to this file."),
]
LogTextOption = Annotated[bool, typer.Option("--log-text", help="Put prompts and answers into the log, too.")]
SeedOption = Annotated[
    int | None, typer.Option("--seed", metavar="N", help="Decides everything random.", min=0)
]
