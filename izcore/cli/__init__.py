"""The command line ``iz``. Heavy things are imported inside commands, so that ``--help`` is quick."""


def main() -> None:
    """Run the command line."""
    # Everything is imported in here, where an interrupt ends in an exit code and not in a traceback.
    try:
        import signal
        import sys

        from izcore.cli.entry import run

        code = run(sys.argv[1:])
        # Nothing is left to be kept: now Ctrl-C just ends the process.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    except KeyboardInterrupt:
        code = 130
    raise SystemExit(code)


__all__ = ["main"]
