"""The command line ``iz``. Heavy things are imported inside commands, so that ``--help`` is quick."""

from izcore.cli.app import app


def main() -> None:
    """Run the command line."""
    app(prog_name="iz")


__all__ = ["app", "main"]
