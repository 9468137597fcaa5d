"""The clocks that calls go by, and the chance in their waits."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """The clocks that calls go by, and the chance in their waits; tests bring their own.

    ``clock``: seconds since 1970.
    ``stopwatch``: seconds that only go forward, from any start.
    ``sleep``: waits so many seconds.
    ``jitter``: draws a number from [0, 1).
    """

    clock: Callable[[], float] = time.time
    stopwatch: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    jitter: Callable[[], float] = random.random
