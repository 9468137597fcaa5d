"""The Typer application: global options and the commands."""

from typing import Annotated

import typer

from izcore.cli import (
    cache,
    config,
    db,
    export,
    models,
    new_plugin,
    optimize,
    plugins,
    resume,
    runs,
    score,
    tasks,
)
from izcore.cli.plugin_commands import CommandsOfPlugins
from izcore.cli.shared import say

app = typer.Typer(
    name="iz",
    cls=CommandsOfPlugins,
    help="Find the instruction that makes a black-box language model do a task best.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _show_version(value: bool) -> None:
    if value:
        from importlib.metadata import version

        say(f"izcore {version('izcore')}")
        raise typer.Exit


@app.callback()
def iz(
    no_plugin: Annotated[
        list[str] | None,
        typer.Option(
            "--no-plugin",
            metavar="NAME",
            is_eager=True,  # the help lists the commands of the other plugins
            help="Do not load this plugin, or the plugins of this distribution (may be repeated).",
        ),
    ] = None,
    trace_plugins: Annotated[
        bool,
        typer.Option(
            "--trace-plugins",
            envvar="IZ_TRACE_PLUGINS",
            help="Show every call of a plugin's hook on standard error.",
        ),
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Options that come before the command; ``ChosenPlugins`` reads those about plugins."""


app.command("optimize")(optimize.optimize)
app.command("resume")(resume.resume)
app.command("score")(score.score)
app.command("export")(export.export)
app.add_typer(runs.app, name="runs")
app.add_typer(config.app, name="config")
app.add_typer(tasks.app, name="tasks")
app.add_typer(models.app, name="models")
app.add_typer(cache.app, name="cache")
app.add_typer(db.app, name="db")
plugins.app.command("new")(new_plugin.new_plugin)
app.add_typer(plugins.app, name="plugins")
