"""Registers the command; the comparison is imported when somebody types it."""

from izcore.plugin import CommandRegistration, hookimpl

IZCORE_API = 1


@hookimpl
def izcore_commands() -> list[CommandRegistration]:
    """Register ``iz compare`` and, for Python, ``izcore.compare``."""
    return [
        CommandRegistration(
            name="compare",
            summary="Compare methods on TASK: same examples, same seeds, same number of calls.",
            app="izcore_compare.command:compare",
            function="izcore_compare.api:compare",
        )
    ]
