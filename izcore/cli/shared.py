"""What all commands share: errors for people, JSON on standard output alone, the registry."""

import contextlib
import functools
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec, TypeVar

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from izcore.registry.registry import Registry

P = ParamSpec("P")
T = TypeVar("T")
STDOUT, STDERR = 1, 2
USAGE_ERROR: Any = typer.BadParameter.__mro__[2]
"""Base of the parser's errors (``ClickException``), which Typer has from click or brings along."""

SHOWN_CHARACTERS = 2000
"""A longer message is shown without its middle."""

TRACEBACK_VARIABLE = "IZ_TRACEBACK"
"""Environment variable that asks for a traceback where the program is at fault."""

DbOption = Annotated[
    str | None,
    typer.Option(
        "--db", metavar="FILE", help="Database of runs (default: IZ_DB, or the platform's data folder)."
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON object on standard output, nothing else.")
]
RunArgument = Annotated[
    str, typer.Argument(metavar="RUN", help="A run's id, a unique beginning of it, or 'last'.")
]


def explained(command: Callable[P, T]) -> Callable[P, T]:
    """Turn the errors that people cause into a message on standard error and an exit code."""

    @functools.wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
        from izcore.plugin.interrupts import undisguised_interrupts
        from izcore.plugin.process_settings import collect_rarely

        collect_rarely()
        try:
            with undisguised_interrupts():
                return command(*args, **kwargs)
        except (typer.Exit, typer.Abort, USAGE_ERROR):
            raise
        except Exception as error:
            raise typer.Exit(explain(error)) from None

    return wrapper


def explain(error: Exception) -> int:
    """Say what ended a command, without a traceback, and return the exit code."""
    from izcore.plugin.errors import DataError, IzError

    if isinstance(error, IzError):
        complain(error.message, error.hint, error.problems if isinstance(error, DataError) else ())
        return error.exit_code
    if isinstance(error, BrokenPipeError):
        # The reader (head, less) has seen enough; what is still to be written goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), STDOUT)
        return 0
    if isinstance(error, OSError) and error.strerror:
        complain(f"{error.filename or 'A file'}: {error.strerror}.", "Runs are kept; see iz runs list.")
        return 2
    _tell_of_a_fault(error)
    return 1


def _tell_of_a_fault(error: Exception) -> None:
    """Say that the program is at fault, not its user; where, stands in a file or, if asked for, below."""
    import traceback

    from izcore.config.folders import cache_folder
    from izcore.plugin.private_files import make_private_file, make_private_folder

    details = keyless("".join(traceback.format_exception(error)))
    if os.environ.get(TRACEBACK_VARIABLE):
        say(details, err=True)
        return
    hint = f"With {TRACEBACK_VARIABLE}=1 it says where."
    with contextlib.suppress(OSError):
        file = cache_folder() / "fault.txt"
        make_private_folder(file.parent)
        make_private_file(file)
        file.write_text(details, encoding="utf-8", errors="backslashreplace")
        hint = f"{file} says where; please report it."
    complain(f"A fault of izcore or of a plugin: {type(error).__name__}: {error}", hint)


def say(text: str, *, err: bool = False, colour: str | None = None, end: str = "\n") -> None:
    """Print text on standard output, or standard error; what a terminal would obey is written out."""
    from izcore.plugin.plain_text import plain

    typer.secho(f"{plain(text)}{end}", err=err, fg=colour, nl=False)  # noqa: TID251 - the one place


def complain(message: str, hint: str = "", problems: tuple[str, ...] = ()) -> None:
    """Print an error: the message, each problem on a line of its own, the hint; without keys."""
    from izcore.plugin.plain_text import plain_line

    if len(message) > SHOWN_CHARACTERS:  # the end says what was wrong, the beginning with what
        message = f"{message[: SHOWN_CHARACTERS // 2]}…{message[-SHOWN_CHARACTERS // 2 :]}"
    say(keyless(f"iz: {message}"), err=True, colour=typer.colors.RED)
    for problem in problems[:20]:
        say(keyless(f"  {plain_line(problem)}"), err=True)
    if len(problems) > 20:
        say(f"  … and {len(problems) - 20} more", err=True)
    if hint:
        say(keyless(hint), err=True)


def keyless(message: str) -> str:
    """Return a message without keys and passwords."""
    from izcore.registry.redaction import without_keys

    return without_keys(message, os.environ)


class ChosenPlugins:
    """What the options before the command say about plugins; they load once, when they are asked for."""

    def __init__(self, blocked: Iterable[str] = (), *, trace: bool = False) -> None:
        self.blocked = tuple(blocked)
        self.trace = trace
        self._registry: Registry | None = None

    @classmethod
    def of(cls, context: Any) -> "ChosenPlugins":
        """Return what was chosen in this call of ``iz``."""
        root = context.find_root()
        if root.obj is None:
            root.obj = cls(root.params.get("no_plugin") or (), trace=root.params.get("trace_plugins", False))
        chosen: ChosenPlugins = root.obj
        return chosen

    def registry(self, *, failures_shown: bool = False) -> "Registry":
        """Return what is installed and chosen; for ``failures_shown`` see :func:`registry_of`."""
        from izcore.cli.log_lines import show_log_as_text
        from izcore.registry.registry import discover

        if self._registry is None:
            _show_warnings_in_one_line()
            show_log_as_text()
            self._registry = discover(blocked=self.blocked, trace=self.trace)
        for plugin in self._registry.plugins:
            if plugin.status == "failed" and not failures_shown:
                fix = f" ({plugin.fix})" if plugin.fix else ""
                _warn(f"the plugin {plugin.name} of {plugin.distribution} did not load: {plugin.reason}{fix}")
        return self._registry


def registry_of(context: typer.Context, *, failures_shown: bool = False) -> "Registry":
    """Return what is installed, but for what ``--no-plugin`` names, and say what did not load, and why.

    ``failures_shown`` is for commands that show just that themselves.
    """
    return ChosenPlugins.of(context).registry(failures_shown=failures_shown)


def _show_warnings_in_one_line() -> None:
    """Show what the core warns of as it shows errors, and once; other warnings in Python's words."""
    from izcore.plugin.errors import IzWarning

    def show(message: Any, category: type[Warning], *place: Any, **more: Any) -> None:
        if issubclass(category, IzWarning):
            _warn(str(message))
        else:
            say(warnings.formatwarning(message, category, *place[:2]), err=True, end="")

    warnings.filterwarnings("once", category=IzWarning)
    warnings.showwarning = show


def _warn(message: str) -> None:
    err().print(keyless(f"iz: {message}"), style="yellow", soft_wrap=True)


def as_dict(record: Any) -> dict[str, Any]:
    """Return a record's fields, ready to be joined with others in one JSON object."""
    import msgspec

    described: dict[str, Any] = msgspec.to_builtins(record)
    return described


def print_json(value: Any) -> None:
    """Print one JSON object, with records as objects and paths as strings."""
    import msgspec

    from izcore.plugin.plain_text import plain_json

    data = msgspec.json.encode(
        value, enc_hook=lambda path: str(path).encode(errors="backslashreplace").decode()
    )
    say(plain_json(msgspec.json.format(data, indent=2).decode()))


@contextlib.contextmanager
def stdout_kept_clean() -> Iterator[None]:
    """Send whatever a plugin prints to standard error: also what its libraries and processes print."""
    with contextlib.redirect_stdout(sys.stderr), _descriptors_joined():
        yield


@contextlib.contextmanager
def _descriptors_joined() -> Iterator[None]:
    """Let the process's standard output be its standard error."""
    sys.stdout.flush()
    try:
        kept = os.dup(STDOUT)
        os.dup2(STDERR, STDOUT)
    except OSError:  # one of them is closed
        yield
        return
    try:
        yield
    finally:
        os.dup2(kept, STDOUT)
        os.close(kept)


def out() -> "Console":
    """The console for results, on standard output."""
    from izcore.cli.console import PlainConsole

    return PlainConsole()


def err() -> "Console":
    """The console for everything else, on standard error."""
    from izcore.cli.console import PlainConsole

    return PlainConsole(stderr=True)
