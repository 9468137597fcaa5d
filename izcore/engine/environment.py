"""What runs need from outside: plugins, paths, database, observers and clocks."""

import contextlib
import secrets
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from izcore.config.paths import Paths
from izcore.plugin.errors import IzWarning
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
    report: Callable[[str], None] | None = None,
) -> Iterator[Environment]:
    """Open the database and everything else that runs need; ``report`` hears of observers that fail."""
    paths = Paths.of_this_user()
    for name, observer in (observers or {}).items():
        registry.observe(observer, name)
    events = Events(registry, report or _warn, time_limit=allowed_seconds(OBSERVING_SECONDS))
    with Store(paths.database(db)) as store, events:
        yield Environment(registry=registry, paths=paths, store=store, events=events)


def _warn(message: str) -> None:
    warnings.warn(message, IzWarning, stacklevel=2)
