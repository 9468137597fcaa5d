"""``iz runs``: the record of runs, one command per module."""

import typer

from izcore.cli.runs import delete, export, import_, list, show

app = typer.Typer(help="The record of runs.", no_args_is_help=True)
app.command("list")(list.list_runs)
app.command("show")(show.show_run)
app.command("export")(export.export_run)
app.command("import")(import_.import_run)
app.command("delete")(delete.delete_run)
