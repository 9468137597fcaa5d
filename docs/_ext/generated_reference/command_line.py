"""The reference of the command line."""

from collections.abc import Iterator
from typing import Any

import typer
from typer.main import get_command

from generated_reference.markdown import escape, table
from izcore.cli.app import app
from izcore.registry.registry import discover


def command_line() -> Any:
    """Return the commands of ``iz``, with those of the installed plugins, imported."""
    root: Any = get_command(app)
    for command in discover().commands():
        root.add_command(root.get_command(typer.Context(root), command.name), command.name)
    return root


def commands() -> str:
    """Describe every command: what it does, usage, arguments, options."""
    root = command_line()
    parts = ["## `iz`\n", "These options come before the command.\n", _parameters(root, "iz")]
    for path, command in leaves(root, ("iz",)):
        name = " ".join(path)
        arguments = [p.metavar or p.name.upper() for p in command.params if p.param_type_name == "argument"]
        usage = " ".join([name, "[OPTIONS]", *arguments])
        parts += [f"## `{name}`\n", f"{escape(command.help or '')}\n", f"```text\n{usage}\n```\n"]
        parts.append(_parameters(command, name))
    return "\n".join(parts)


def leaves(group: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every command below a group, with the words that call it."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from leaves(command, (*path, name))
        else:
            yield (*path, name), command


def _parameters(command: Any, name: str) -> str:
    context = typer.Context(command, info_name=name)
    rows: dict[str, list[tuple[str, str]]] = {"argument": [], "option": []}
    for parameter in command.params:
        spelling, meaning = parameter.get_help_record(context)
        if parameter.param_type_name == "argument":
            spelling = parameter.metavar or spelling
        rows[parameter.param_type_name].append((f"`{spelling}`", escape(meaning)))
    return "\n".join(table((kind, "what"), found) for kind, found in rows.items() if found)
