"""One call of ``iz`` from its arguments to its exit code; nothing that people do ends in a traceback."""

import io
import os
import sys
from collections.abc import Sequence

import typer

from izcore.cli.app import app
from izcore.cli.shared import USAGE_ERROR, complain, explain, keyless, say

INTERRUPTED = 130


def run(arguments: Sequence[str]) -> int:
    """Do what the arguments say and return the exit code."""
    _open_closed_streams()
    try:
        code = _performed(arguments)
        # What cannot be written would else be told by the interpreter, in a traceback, when it ends.
        sys.stdout.flush()
    except KeyboardInterrupt:
        say("Interrupted.", err=True)
        code = INTERRUPTED
    except Exception as error:
        code = explain(error)
    return code


def _performed(arguments: Sequence[str]) -> int:
    given = []
    for argument in arguments:
        try:
            # Where the locale is not UTF-8 the interpreter has not read the arguments as what they are.
            given.append(os.fsencode(argument).decode())
        except UnicodeError:
            complain(f"An argument is not UTF-8 text: {argument}", "Write it in UTF-8.")
            return 2
    try:
        code: int | None = app(given, prog_name="iz", standalone_mode=False)
    except USAGE_ERROR as error:
        shown = io.StringIO()
        error.show(shown)
        say(keyless(shown.getvalue()), err=True, end="")
        code = error.exit_code
    except typer.Abort:
        say("Aborted.", err=True)
        code = 1
    except SystemExit as ended:  # typer ends the process itself once it has shown or installed completion
        code = ended.code if isinstance(ended.code, int) else 0
    return code or 0


def _open_closed_streams() -> None:
    """Let every standard stream be there and take any text.

    A file that is opened while one is closed would take its place, and get what is printed.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        stream = getattr(sys, name)
        if stream is None:
            while os.open(os.devnull, os.O_RDWR) < number:
                pass
            stream = open(number, "r" if name == "stdin" else "w", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)
        if name != "stdin" and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
