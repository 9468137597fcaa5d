"""What a session is asking for at this moment, so that no other process asks the same."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Collection

from izcore.plugin.errors import IzError
from izcore.storage.store import Store

LEASE_SECONDS = 60.0
"""So long others wait for somebody who shows no sign of life, and whose death the system does not tell."""
EXTEND_SECONDS = LEASE_SECONDS / 4


class ClaimLostError(Exception):
    """Somebody else may ask, or has asked, for what this session had claimed: it slept through its lease."""


class Claims:
    """The claims of one owner in the database, which last for a lease and are extended in time.

    ``clock`` gives seconds since 1970. Who waits for room in the budget or for others' answers must not have
    claims that others wait for, or all would wait for each other.
    """

    def __init__(self, store: Store, owner: str, clock: Callable[[], float]) -> None:
        self._store = store
        self._owner = owner
        self._clock = clock
        self._held: frozenset[str] = frozenset()
        self._held_until = 0.0

    def take(self, keys: Collection[str]) -> frozenset[str]:
        """Claim those keys that are not answered and that nobody else has claimed; return them."""
        if not keys:
            return frozenset()
        now = self._clock()
        until = now + LEASE_SECONDS
        taken = self._store.claim(self._owner, keys, now=now, until=until)
        self._held_until = min(self._held_until, until) if self._held else until
        self._held |= taken
        return taken

    def of_others(self, keys: Collection[str]) -> frozenset[str]:
        """Return those of the keys that somebody else asks for, as far as is known."""
        return self._store.claimed(keys, now=self._clock())

    def ensure(self, keys: Collection[str]) -> None:
        """See to it, before a call is sent, that all its keys are claimed. Raises ClaimLostError."""
        if self._clock() >= self._held_until:
            self._extend()
        missing = frozenset(keys) - self._held
        if missing and self.take(missing) != missing:
            raise ClaimLostError

    def release(self, keys: Collection[str]) -> None:
        """Let others ask for those of the keys that are claimed."""
        if held := self._held.intersection(keys):
            self._store.release_claims(self._owner, held)
            self._held -= held

    def end(self, keys: Collection[str]) -> None:
        """Take note that keys are answered, and their claims with that at an end."""
        self._held -= frozenset(keys)

    @contextlib.asynccontextmanager
    async def extended(self) -> AsyncIterator[None]:
        """Extend the claims in time, as long as the block lasts."""
        extending = asyncio.create_task(self._extend_for_ever())
        try:
            yield
        finally:
            extending.cancel()
            # What hinders it hinders the calls' own writes, too, and they tell of it.
            with contextlib.suppress(asyncio.CancelledError, IzError):
                await extending

    async def _extend_for_ever(self) -> None:
        while True:
            await asyncio.sleep(EXTEND_SECONDS)
            if self._held:
                self._extend()

    def _extend(self) -> None:
        until = self._clock() + LEASE_SECONDS
        self._held &= self._store.extend_claims(self._owner, until=until)
        self._held_until = until


@contextlib.asynccontextmanager
async def open_claims(store: Store, clock: Callable[[], float]) -> AsyncIterator[Claims]:
    """Yield claims of a new owner; what is still claimed in the end is released."""
    with store.claiming() as owner:
        claims = Claims(store, owner, clock)
        async with claims.extended():
            yield claims
