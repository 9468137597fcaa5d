"""Keeps calls below so many requests and tokens per minute, and lets them wait where the server says so."""

import asyncio
from collections.abc import Awaitable, Callable

from izcore.config.schema import RateLimits

MARGIN = 0.99
"""Share of a limit that is used: calls that leave evenly spaced may still arrive in bunches."""

CATCH_UP = 0.25
"""Seconds by which calls may be late and still catch up, so that timers that fire late cost no throughput."""


class RateLimiter:
    """Lets calls start in the order of asking, evenly spaced, so that neither limit is exceeded.

    This is the generic cell rate algorithm (ITU-T I.371), for costs instead of cells: a call costs one
    request and a number of tokens. How many tokens is known only when it is answered. Until then it is
    charged a part of its bound, namely the part that the calls before it used of theirs.

    ``clock`` gives seconds that only go forward; ``sleep`` waits so many seconds.
    """

    def __init__(
        self,
        limits: RateLimits,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._per_request = _seconds_per_unit(limits.requests_per_minute)
        self._per_token = _seconds_per_unit(limits.tokens_per_minute)
        self._clock = clock
        self._sleep = sleep
        self._next_by_requests = self._next_by_tokens = self._paused_until = float("-inf")
        self._bounded_tokens = self._used_tokens = 0

    async def start(self, bound: int, *, requests: int = 1) -> float:
        """Wait until a call of at most ``bound`` tokens may start; return how many tokens it is charged.

        ``requests`` is how many requests the call takes.
        """
        charged = bound * self._observed_share()
        turn = max(self._next_by_requests, self._next_by_tokens, self._clock() - CATCH_UP)
        # What one limit holds back must not gather as a right to break the other later.
        self._next_by_requests = max(self._next_by_requests, turn - CATCH_UP) + requests * self._per_request
        self._next_by_tokens = max(self._next_by_tokens, turn - CATCH_UP) + charged * self._per_token
        while (wait := max(turn, self._paused_until) - self._clock()) > 0:
            await self._sleep(wait)
        return charged

    def settle(self, charged: float, bound: int, used: int) -> None:
        """Replace the ``charged`` tokens of a call with the ``used`` ones, once they are known.

        ``bound`` is the number that the call was started with. Of a call that failed it is 0, as is
        ``used``: it says nothing about what calls use.
        """
        self._bounded_tokens += bound
        self._used_tokens += used
        self._next_by_tokens += (used - charged) * self._per_token

    def pause(self, seconds: float) -> None:
        """Let no call start for so many seconds from now; a pause that lasts longer still holds."""
        self._paused_until = max(self._paused_until, self._clock() + seconds)

    def _observed_share(self) -> float:
        return self._used_tokens / self._bounded_tokens if self._bounded_tokens else 1.0


def _seconds_per_unit(per_minute: float | None) -> float:
    return 60.0 / (per_minute * MARGIN) if per_minute else 0.0
