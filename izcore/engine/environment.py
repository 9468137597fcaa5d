"""What runs need from outside: plugins, paths, database, observers and clocks."""

import contextlib
import secrets
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from izcore.builtins.call_log import CallLog
from izcore.config.paths import Paths
from izcore.engine.notebook import NotebookProgress, display_in_cell, in_notebook
from izcore.plugin.errors import IzWarning, UsageError
from izcore.registry.event_dispatch import Events
from izcore.registry.registry import Registry
from izcore.registry.time_limits import OBSERVING_SECONDS, allowed_seconds
from izcore.storage.store import Store


@dataclass(frozen=True)
class Environment:
    """What runs need from outside: plugins, paths, database, observers and clocks.

    ``clock`` gives seconds since 1970, ``stopwatch`` seconds that only go forward, ``token`` a few random
    letters for run ids; tests may own all three.
    """

    registry: Registry
    paths: Paths
    store: Store
    events: Events
    clock: Callable[[], float] = time.time
    stopwatch: Callable[[], float] = time.monotonic
    token: Callable[[], str] = field(default=lambda: secrets.token_hex(2))


@contextlib.contextmanager
def open_environment(
    registry: Registry,
    *,
    db: str | Path | None = None,
    observers: Mapping[str, object] | None = None,
    log_file: str | Path | None = None,
    log_text: bool = False,
) -> Iterator[Environment]:
    """Open the database and everything else that runs need.

    ``observers`` maps names to objects with observing hooks; a warning names one that fails. ``log_file``
    gets a line for every call, with prompt and answer if ``log_text``.
    """
    paths = Paths.of_this_user()
    events = Events(registry, _warn, time_limit=allowed_seconds(OBSERVING_SECONDS))
    with contextlib.ExitStack() as stack:
        watching = dict(observers or {})
        if in_notebook():
            watching["notebook"] = NotebookProgress(display_in_cell())
        if log_file is not None:
            watching["call log"] = stack.enter_context(CallLog(Path(log_file), with_text=log_text))
        elif log_text:
            raise UsageError("--log-text: there is no log.", hint="Name its file with --log-file FILE.")
        store = stack.enter_context(Store(paths.database(db)))
        stack.enter_context(events)
        for name, observer in watching.items():
            registry.observe(observer, name)
            stack.callback(registry.leave_out, observer)
        yield Environment(registry=registry, paths=paths, store=store, events=events)


def _warn(message: str) -> None:
    warnings.warn(message, IzWarning, stacklevel=2)
