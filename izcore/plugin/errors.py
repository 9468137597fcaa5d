"""Errors that people read: what was wrong, where, and what to do.

Every error that a user can cause derives from :class:`IzError`; the command line prints its message
and its hint, never a traceback, and leaves with its ``exit_code``.
"""

import contextlib
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

MOST_PROBLEMS = 5
"""So many faults of a task's data stand in the text of an error; all are in ``problems``."""


class IzError(Exception):
    """Base of all errors of izcore and its plugins.

    ``message`` says what was wrong and where (file, line, key, option); ``hint`` says what to do.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class UsageError(IzError):
    """The user asked for something that cannot be: bad option, bad configuration, bad data."""

    exit_code = 2


class ConfigError(UsageError):
    """A key of the configuration is unknown, missing, of the wrong type or out of range."""


class DataError(UsageError):
    """A task's data cannot be used. ``problems`` lists every fault found, one line each."""

    def __init__(self, message: str, *, hint: str = "", problems: Iterable[str] = ()) -> None:
        super().__init__(message, hint=hint)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        more = len(self.problems) - MOST_PROBLEMS
        rest = f"and {more} more" if more > 0 else ""
        return "\n".join(filter(None, (self.message, *self.problems[:MOST_PROBLEMS], rest, self.hint)))


class UnknownNameError(UsageError):
    """A name (backend, metric, preset, run, option …) that nothing answers to."""


class BackendUnavailableError(UsageError):
    """A backend exists but cannot be loaded: its plugin failed, or a package is missing."""


class StoreError(UsageError):
    """The database cannot be used: another program's, a newer version's, unreadable, no space."""


class BackendError(IzError):
    """A backend failed while it worked. The run is kept and can be resumed."""


class TransientScorerError(IzError):
    """A call failed in a way that may pass (overload, rate limit, connection); it may be tried again.

    ``retry_after`` is the number of seconds that the server asked us to wait, if it said so.
    ``may_be_billed`` says that the server may have answered, and charge for it, although no answer arrived
    (a time-out, a connection lost after the request was sent): the budget then books the call's bound.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        retry_after: float | None = None,
        may_be_billed: bool = False,
    ) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after
        self.may_be_billed = may_be_billed


class FatalScorerError(IzError):
    """A call failed in a way that trying again cannot mend (key, unknown model, quota, bad request)."""


class PromptRejectedError(FatalScorerError):
    """The model takes no prompt like this one (too long, characters that cannot be sent), whatever is tried.

    Where other prompts are answered, the run goes on without the example; where none is, it stops.
    """


class BudgetExhaustedError(IzError):
    """The next call would break through the budget."""

    exit_code = 3


class FlatScoresError(IzError):
    """All instructions of the first round score the same, and ``search.stop_when_flat`` stops the run there.

    The run is kept and can be resumed.
    """

    exit_code = 3


class InterruptedRunError(IzError):
    """The user stopped the run; everything up to here is kept."""

    exit_code = 130


class IzWarning(UserWarning):
    """Something that people should know, and that stops nothing; the command line shows it in one line."""


class IzDeprecationWarning(IzWarning, DeprecationWarning):
    """A plugin uses something that will be gone; see :mod:`izcore.registry.deprecations`."""


@contextlib.contextmanager
def about(what: str) -> Iterator[None]:
    """Let errors for people begin with what they are about."""
    try:
        yield
    except IzError as error:
        error.message = f"{what}: {error.message}"
        raise


def nearest_names(name: str, known: Iterable[str]) -> str:
    """Return a hint that offers the known names closest to ``name``, or all of them if few."""
    names = sorted(set(known))
    if not names:
        return "None is installed."
    close = get_close_matches(name, names, n=3, cutoff=0.5)
    if close:
        return f"Did you mean {' or '.join(close)}?"
    if len(names) <= 12:
        return f"Known: {', '.join(names)}."
    return f"Known: {', '.join(names[:12])} and {len(names) - 12} more."
