"""Clients of HTTP services, some for each event loop."""

import asyncio
import math
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, Protocol, TypeVar

CONNECTIONS = 8
"""Connections of one client. HTTP clients look through all that they have for every request, so that one
client for 64 spends half its time on it (tests/benchmarks/bench_calls.py)."""


class Closable(Protocol):
    """A client that can be closed."""

    def close(self) -> Awaitable[None]:
        """Close its connections."""
        ...


Client = TypeVar("Client", bound=Closable)


class LoopClients(Generic[Client]):
    """Clients of an HTTP service, some per event loop: connections belong to the loop that opened them.

    ``make`` is called when a loop first asks, once for every :data:`CONNECTIONS` that ``concurrency``
    takes; calls go to these clients in turn.
    """

    def __init__(self, make: Callable[[], Client], *, concurrency: int) -> None:
        self._make = make
        self._count = math.ceil(concurrency / CONNECTIONS)
        self._clients: dict[asyncio.AbstractEventLoop, deque[Client]] = {}

    def current(self) -> Client:
        """Return the running loop's next client."""
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            # In place: loops of other threads add and remove theirs at the same time.
            for old in [each for each in list(self._clients) if each.is_closed()]:
                self._clients.pop(old, None)
            self._clients[loop] = deque(self._make() for _ in range(self._count))
        clients = self._clients[loop]
        clients.rotate()
        return clients[0]

    async def aclose(self) -> None:
        """Close the running loop's clients; a later call makes new ones."""
        for client in self._clients.pop(asyncio.get_running_loop(), ()):
            await client.close()
