"""``iz export``: the prompt that won a run, to be used elsewhere."""

from typing import Annotated

import typer

from izcore.cli.options import ForceOption, OutputOption
from izcore.cli.runs.export import list_formats, write_export
from izcore.cli.shared import DbOption, RunArgument, explained


@explained
def export(
    context: typer.Context,
    run: RunArgument,
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="NAME[:ARG]",
            help="Format, such as text, messages, python or toml; without it the ending of the output file "
            "decides, and without a file it is text.",
        ),
    ] = None,
    output: OutputOption = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="An option of the format (may be repeated)."),
    ] = None,
    force: ForceOption = False,
    db: DbOption = None,
    formats: Annotated[
        bool,
        typer.Option(
            "--list-formats",
            callback=list_formats("prompt"),
            is_eager=True,
            help="List the installed formats, and leave.",
        ),
    ] = False,
) -> None:
    """Take the prompt away that won a run: template, exemplars and system message, as it was measured."""
    write_export(context, run, "prompt", format_=to, output=output, set_=set_, force=force, db=db)
