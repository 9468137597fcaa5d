"""Calls keep below a rate whatever their tokens turn out to be; a test owns the clock."""

import asyncio
import heapq
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from izcore.config.schema import RateLimits
from izcore.scoring.rate_limiter import CATCH_UP, RateLimiter


class Clock:
    """Time that only passes in ``sleep``."""

    def __init__(self) -> None:
        self.now = 0.0
        self._due: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self._count += 1
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._due, (self.now + seconds, self._count, future))
        await future

    async def run(self, *work: Awaitable[None]) -> None:
        tasks = [asyncio.ensure_future(one) for one in work]
        while not all(task.done() for task in tasks):
            for _ in range(5):
                await asyncio.sleep(0)
            if self._due:
                self.now, _, future = heapq.heappop(self._due)
                future.set_result(None)
        await asyncio.gather(*tasks)


def starts(limits: RateLimits, calls: int, bound: int, used: Callable[[int], int]) -> list[float]:
    """Let 16 workers make calls of half a second each; return when each started."""
    clock, started = Clock(), []

    async def work() -> None:
        limiter = RateLimiter(limits, clock=clock, sleep=clock.sleep)
        todo = iter(range(calls))

        async def worker() -> None:
            for number in todo:
                charged = await limiter.start(bound)
                started.append(clock.now)
                await clock.sleep(0.5)
                limiter.settle(charged, bound, used(number))

        await clock.run(*(worker() for _ in range(16)))

    asyncio.run(work())
    return sorted(started)


def busiest(times: list[float], window: float) -> int:
    """The largest number of starts in any window of so many seconds."""
    return max(sum(t <= other < t + window for other in times) for t in times)


def test_a_limit_on_requests_is_used_and_kept() -> None:
    times = starts(RateLimits(requests_per_minute=600), 1300, 10, lambda n: 10)
    assert busiest(times, 60.0) <= 600
    assert 1299 / (times[-1] - times[0]) * 60 == pytest.approx(600, rel=0.02)


def test_a_limit_on_tokens_counts_what_was_used_not_what_was_feared() -> None:
    times = starts(RateLimits(tokens_per_minute=60_000), 2000, 500, lambda n: 100 + n % 50)
    used = sum(100 + n % 50 for n in range(2000))
    assert used / (times[-1] - times[0]) * 60 == pytest.approx(60_000, rel=0.05)


@settings(max_examples=20, deadline=None)
@given(
    requests=st.floats(60, 3000),
    tokens=st.floats(3000, 100_000),
    bound=st.integers(1, 300),
    share=st.floats(0.1, 1),
)
def test_no_minute_holds_more_than_a_limit(requests: float, tokens: float, bound: int, share: float) -> None:
    limits = RateLimits(requests_per_minute=requests, tokens_per_minute=tokens)
    used = max(1, int(bound * share))
    times = starts(limits, 150, bound, lambda n: used)
    window = 20.0
    slack = 1 + 2 * CATCH_UP * requests / 60
    assert busiest(times, window) <= requests * window / 60 + slack


def test_a_pause_holds_all_calls_back() -> None:
    clock, started = Clock(), []

    async def work() -> None:
        limiter = RateLimiter(RateLimits(), clock=clock, sleep=clock.sleep)

        async def call() -> None:
            await limiter.start(1)
            started.append(clock.now)

        limiter.pause(7.0)
        limiter.pause(2.0)
        await clock.run(call(), call(), call())

    asyncio.run(work())
    assert started == [7.0, 7.0, 7.0]
