"""Registers the command; its module is imported when somebody types it."""

from izcore.plugin import CommandRegistration, hookimpl

IZCORE_API = 1


@hookimpl
def izcore_commands() -> list[CommandRegistration]:
    """Register ``iz winner``."""
    return [
        CommandRegistration(
            name="winner",
            summary="Print the best instruction of a run, and nothing else.",
            app="izcore_winner.command:winner",
        )
    ]
