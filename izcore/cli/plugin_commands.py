"""Commands of plugins: found when somebody types one, and listed in the help without loading any plugin."""

import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from izcore.cli.shared import ChosenPlugins, explained, stdout_kept_clean

LISTING = "commands.json"
"""File in the cache's folder with the names and summaries of the commands of plugins."""


class CommandsOfPlugins(TyperGroup):
    """The commands of the core and, under names that it does not have itself, those of plugins."""

    def invoke(self, ctx: Any) -> None:
        """Perform the command; what it returns is nobody's exit code."""
        super().invoke(ctx)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the core's command of this name, else the plugin's, imported now."""
        return super().get_command(ctx, cmd_name) or self._command_of_plugin(ctx, cmd_name)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands into the help, with those of plugins."""
        self._add_listed(ctx)
        super().format_commands(ctx, formatter)

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """Offer the names of all commands."""
        self._add_listed(ctx)
        return super().shell_complete(ctx, incomplete)

    def _add_listed(self, ctx: Any) -> None:
        for name, summary in listed_commands(ChosenPlugins.of(ctx)).items():
            if name not in self.commands:
                self.add_command(TyperCommand(name, help=summary))

    @explained
    def _command_of_plugin(self, ctx: Any, name: str) -> Any:
        from izcore.plugin.errors import UnknownNameError, nearest_names
        from izcore.registry.hints import where_to_find

        with stdout_kept_clean():
            registry = ChosenPlugins.of(ctx).registry(failures_shown=ctx.resilient_parsing)
        if registry.has_command(name):
            with stdout_kept_clean():
                return _made(name, registry.import_command(name))
        if ctx.resilient_parsing:  # only completing what is being typed
            return None
        known = [*self.commands, *(command.name for command in registry.commands())]
        raise UnknownNameError(
            f"There is no command {name!r}.",
            hint="\n".join(filter(None, (nearest_names(name, known), where_to_find("command", name)))),
        )


def listed_commands(plugins: ChosenPlugins) -> Mapping[str, str]:
    """Return the summaries of plugins' commands, by name.

    They are kept in a file, with the import path and when each of its folders last changed, as it does when
    something is installed. Only where that differs do plugins load.
    """
    from izcore.config.folders import cache_folder

    file = cache_folder() / LISTING
    installed = [[path, _changed(path)] for path in sys.path if path]
    asked = [installed, list(plugins.blocked), os.environ.get("IZ_PLUGINS"), os.environ.get("IZ_NO_PLUGINS")]
    with suppress(OSError, ValueError, KeyError, TypeError):
        kept = json.loads(file.read_text(encoding="utf-8"))
        if kept["asked"] == asked:
            listed: dict[str, str] = kept["commands"]
            return listed
    from izcore.plugin.plain_text import plain_line
    from izcore.plugin.private_files import make_private_folder

    with stdout_kept_clean():
        registry = plugins.registry(failures_shown=True)
    found = {command.name: plain_line(command.summary) for command in registry.commands()}
    with suppress(OSError):
        make_private_folder(file.parent)
        written = file.with_suffix(f".{os.getpid()}")
        written.write_text(json.dumps({"asked": asked, "commands": found}), encoding="utf-8")
        written.replace(file)
    return found


def _changed(path: str) -> int:
    try:
        return Path(path).stat().st_mtime_ns
    except OSError:
        return 0


def _made(name: str, app: object) -> Any:
    """Make a command, whose errors are for people, of what a plugin's import path led to."""
    if not isinstance(app, typer.Typer):
        function: Any = app
        app = typer.Typer(add_completion=False, rich_markup_mode=None)
        app.command(name)(function)
    command = get_command(app)
    command.name = name
    command.invoke = explained(command.invoke)  # type: ignore[method-assign]
    return command
