"""``iz runs export``: one run as text, in any format that is installed."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from izcore.cli.options import ForceOption, OutputOption
from izcore.cli.shared import DbOption, RunArgument, explained, out, registry_of, say, stdout_kept_clean

if TYPE_CHECKING:
    from izcore.plugin.registrations import Exported


def list_formats(exported: "Exported") -> Callable[[typer.Context, bool], None]:
    """Return what an option calls that lists the formats of a run, or of a prompt."""

    @explained
    def show(context: typer.Context, wanted: bool) -> None:
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
            if exporter.exports == exported:
                suffixes = " ".join(exporter.suffixes)
                table.add_row(exporter.name, suffixes, exporter.summary, plugin.distribution)
        out().print(table)
        raise typer.Exit

    return show


def write_export(
    context: typer.Context,
    run: str,
    exported: "Exported",
    *,
    format_: str | None,
    output: str | None,
    set_: list[str] | None,
    force: bool,
    db: str | None,
) -> None:
    """Write a run, or the prompt that won it, to a file or to standard output."""
    from izcore import api
    from izcore.config.layers import parse_assignments

    with stdout_kept_clean():
        text = api.export(
            run,
            format=format_,
            output=output,
            options=parse_assignments(set_ or ()),
            exported=exported,
            overwrite=force,
            db=db,
            registry=registry_of(context),
        )
    if output is not None:
        say(f"Wrote {output}", err=True)
    # A program that reads it gets what the file would hold; a terminal obeys none of it.
    elif sys.stdout.isatty():
        say(text, end="")
    else:
        sys.stdout.write(text)


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
            help="Format, such as json, jsonl, csv or parquet; without it the ending of the output file "
            "decides, and without a file it is jsonl.",
        ),
    ] = None,
    output: OutputOption = None,
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
            callback=list_formats("run"),
            is_eager=True,
            help="List the installed formats, and leave.",
        ),
    ] = False,
) -> None:
    """Write a run as text: as a table of its trials, whole as JSON, or in another installed format.

    The prompt that won it is written with iz export.
    """
    from izcore.databases import export_bundle
    from izcore.plugin.errors import UsageError

    if bundle is None:
        write_export(context, run, "run", format_=format_, output=output, set_=set_, force=force, db=db)
        return
    if format_ or output or set_:
        raise UsageError("--bundle: is a format of its own.", hint="Leave out --format, --output, --set.")
    export_bundle(run, bundle, db=db, overwrite=force)
    say(f"Wrote {bundle}. Read it with: iz runs import {bundle}", err=True)
