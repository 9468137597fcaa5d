"""The options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

TaskArgument = Annotated[str, typer.Argument(metavar="TASK", help="A task's name (iz tasks list) or a path.")]
TaskOrFile = Annotated[
    str,
    typer.Argument(
        metavar="[TASK]", help="A task's name (iz tasks list) or a path; else what the settings' files name."
    ),
]
GeneratorOption = Annotated[
    str | None,
    typer.Option(
        "--generator",
        metavar="NAME[:MODEL]",
        help="What writes the instructions.",
    ),
]
SurrogateOption = Annotated[
    str | None,
    typer.Option("--surrogate", metavar="NAME", help="What proposes which instructions to try next."),
]
ScorerOption = Annotated[
    str | None,
    typer.Option(
        "--scorer", metavar="NAME[:MODEL]", help="The model that follows the instructions: the black box."
    ),
]
MetricOption = Annotated[
    str | None,
    typer.Option(
        "--metric",
        metavar="NAME[:ARG]",
        help="How an answer is scored against its targets; else the task's own way.",
    ),
]
PresetOption = Annotated[
    str | None,
    typer.Option(
        "--preset",
        metavar="NAME",
        help="Named settings: default, quick, paper …",
    ),
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
        "--template",
        metavar="TEXT",
        help="Text of a prompt, with {instruction}, {input} or other columns, and perhaps {exemplars}.",
    ),
]
MaxCallsOption = Annotated[
    int | None,
    typer.Option("--max-calls", metavar="N", help="Stop before more calls than this are paid for.", min=1),
]
MaxTokensOption = Annotated[
    int | None,
    typer.Option(
        "--max-tokens",
        metavar="N",
        help="Stop before more input and output tokens than this are used.",
        min=1,
    ),
]
MaxCostOption = Annotated[
    float | None,
    typer.Option("--max-cost", metavar="USD", help="Stop before more US dollars than this are spent."),
]
TargetScoreOption = Annotated[
    float | None,
    typer.Option(
        "--target-score",
        metavar="S",
        help="End the search after the round whose best instruction scores this, from 0 to 1.",
        min=0.0,
        max=1.0,
    ),
]
MaxTimeOption = Annotated[
    str | None,
    typer.Option(
        "--max-time", metavar="TIME", help="Begin no round of the search after this: seconds, or 20m, or 1h."
    ),
]


def _with_those_of_files(given: list[str] | None) -> list[str]:
    """Return the instructions, with those of a file in the place of each ``@FILE``."""
    from izcore.plugin.instructions import read_instructions
    from izcore.plugin.paths import user_path

    return [
        instruction
        for text in given or ()
        for instruction in (read_instructions(user_path(text[1:])) if text.startswith("@") else (text,))
    ]


StartOption = Annotated[
    list[str] | None,
    typer.Option(
        "--start",
        metavar="TEXT",
        callback=_with_those_of_files,
        help="Your own instruction to begin with (may be repeated); @FILE takes those of a file.",
    ),
]
InstructionOption = Annotated[
    list[str] | None,
    typer.Option(
        "--instruction",
        metavar="TEXT",
        callback=_with_those_of_files,
        help="An instruction to score (may be repeated); @FILE takes those of a file.",
    ),
]
CoordinateOption = Annotated[
    list[str] | None,
    typer.Option(
        "--coordinate",
        metavar="NAME[:ARG]",
        help="What completes an instruction, such as form, the form of the answer (may be repeated).",
    ),
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
    typer.Option("--log-file", metavar="FILE", help="Append a line of JSON for every call to this file."),
]
LogTextOption = Annotated[bool, typer.Option("--log-text", help="Put prompts and answers into the log, too.")]
OutputOption = Annotated[
    str | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write here instead of standard output."),
]
ForceOption = Annotated[bool, typer.Option("--force", help="Overwrite the file if it is there.")]
SeedOption = Annotated[
    int | None,
    typer.Option("--seed", metavar="N", help="Number that decides everything random.", min=0),
]
