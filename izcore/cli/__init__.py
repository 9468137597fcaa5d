"""The command line ``iz``. Heavy things are imported inside commands, so that ``--help`` is quick."""

from izcore.cli.app import app
from izcore.plugin.process_settings import collect_rarely


def main() -> None:
    """Run the command line."""
    collect_rarely()
    app(prog_name="iz")


__all__ = ["app", "main"]
