"""Lets calls stop for good: no new one is sent, and those that wait for their turn give up."""

import asyncio
from collections.abc import Awaitable, Callable

from izcore.plugin.errors import IzError


class StopSwitch:
    """Is turned once, with the reason, and ends every wait that was made through it.

    ``sleep`` waits so many seconds.
    """

    def __init__(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._sleep = sleep
        self._reason: IzError | None = None
        self._waits: set[asyncio.Future[None]] = set()

    def turn(self, reason: IzError) -> None:
        """Stop what is waiting now and whatever checks later; only the first reason counts."""
        self._reason = self._reason or reason
        for wait in self._waits:
            wait.cancel()

    def check(self) -> None:
        """Raise the reason to stop, if there is one."""
        if self._reason:
            raise self._reason

    async def sleep(self, seconds: float) -> None:
        """Wait so many seconds; raise the reason to stop as soon as there is one."""
        wait = asyncio.ensure_future(self._sleep(seconds))
        self._waits.add(wait)
        try:
            await asyncio.wait({wait})
        finally:
            self._waits.discard(wait)
            wait.cancel()
        self.check()
