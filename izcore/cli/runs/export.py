"""``iz runs export``: one run as text, in any format that is installed."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from izcore.cli.options import ForceOption
from izcore.cli.shared import DbOption, RunArgument, explained, out, registry_of, say, stdout_kept_clean


@explained
def _list_formats(context: typer.Context, wanted: bool) -> None:
    if not wanted or context.resilient_parsing:
        return
    from rich.table import Table

    from izcore.plugin.registrations import ExporterRegistration

    with stdout_kept_clean():
        formats = registry_of(context).registrations(ExporterRegistration)
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("format", "files", "what", "from"):
        table.add_column(heading, no_wrap=heading != "what")
    for exporter, plugin in formats:
        table.add_row(exporter.name, " ".join(exporter.suffixes), exporter.summary, plugin.distribution)
    out().print(table)
    raise typer.Exit


@explained
def export_run(
    context: typer.Context,
    run: RunArgument,
    db: DbOption = None,
    format_: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="NAME[:ARG]",
            help="Format, such as json, jsonl or csv; without it the ending of the output file decides, and "
            "without a file it is jsonl.",
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write here instead of standard output."),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY=VALUE", help="An option of the format, such as raw=true (may be repeated)."
        ),
    ] = None,
    bundle: Annotated[
        str | None,
        typer.Option(
            "--bundle",
            metavar="FILE",
            help="Write the run with all its answers to one file instead, which iz runs import reads.",
        ),
    ] = None,
    force: ForceOption = False,
    formats: Annotated[
        bool,
        typer.Option(
            "--list-formats",
            callback=_list_formats,
            is_eager=True,
            help="List the installed formats, and leave.",
        ),
    ] = False,
) -> None:
    """Write a run as text: as a table of its trials, whole as JSON, or in another installed format."""
    from izcore import api
    from izcore.config.layers import parse_assignments
    from izcore.databases import export_bundle
    from izcore.plugin.errors import UsageError

    if bundle is not None:
        if format_ or output or set_:
            raise UsageError("--bundle: is a format of its own.", hint="Leave out --format, --output, --set.")
        export_bundle(run, bundle, db=db, overwrite=force)
        say(f"Wrote {bundle}. Read it with: iz runs import {bundle}", err=True)
        return
    with stdout_kept_clean():
        file = None if output is None else Path(output)
        options = parse_assignments(set_ or ())
        registry = registry_of(context)
        text = api.export(run, format=format_, output=file, options=options, db=db, registry=registry)
    if output is None:
        # A program that reads it gets what the file would hold; a terminal obeys none of it.
        if sys.stdout.isatty():
            say(text, end="")
        else:
            sys.stdout.write(text)
