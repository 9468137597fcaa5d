"""What runs need from outside: plugins, folders, database, observers and clocks."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from izcore.events import Events
from izcore.folders import Folders
from izcore.registry import Registry
from izcore.store import Store


@dataclass(frozen=True)
class Workplace:
    """What runs need from outside: plugins, folders, database, observers and clocks.

    ``clock`` gives seconds since 1970, ``stopwatch`` seconds that only go forward, ``token`` a few random
    letters for run ids; tests may own all three.
    """

    registry: Registry
    folders: Folders
    store: Store
    events: Events
    clock: Callable[[], float] = time.time
    stopwatch: Callable[[], float] = time.monotonic
    token: Callable[[], str] = field(default=lambda: secrets.token_hex(2))
