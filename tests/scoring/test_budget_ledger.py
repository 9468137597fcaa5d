"""The budget is a wall: spent plus reserved never exceeds it, whatever runs at once."""

import asyncio
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from izcore.config.schema import Limits
from izcore.plugin.calls import Amount, Price, Usage
from izcore.plugin.errors import BudgetExhaustedError
from izcore.scoring.budget_ledger import ROUNDING, Ledger

PRICE = Price(input=1000.0, output=3000.0)


def amount(calls: int, input_tokens: int, output_tokens: int) -> Amount:
    usage = Usage(input_tokens=input_tokens, output_tokens=output_tokens)
    return Amount(calls=calls, usage=usage, cost_usd=PRICE.cost(usage))


@settings(max_examples=60, deadline=None)
@given(
    calls=st.integers(1, 30),
    tokens=st.integers(1, 500),
    cents=st.integers(1, 200),
    workers=st.integers(1, 12),
    seed=st.integers(0, 1000),
)
def test_no_limit_is_ever_exceeded_under_concurrency(
    calls: int, tokens: int, cents: int, workers: int, seed: int
) -> None:
    draw = random.Random(seed)
    limits = Limits(max_calls=calls, max_tokens=tokens, max_cost=cents / 100)
    made = []

    async def worker(ledger: Ledger) -> None:
        while True:
            bound = amount(draw.randint(1, 3), draw.randint(0, 20), draw.randint(0, 20))
            try:
                await ledger.reserve(bound)
            except BudgetExhaustedError:
                return
            await asyncio.sleep(0)
            used = amount(bound.calls, bound.usage.input_tokens // 2, bound.usage.output_tokens)
            failed = draw.random() < 0.2
            await ledger.settle(bound, Amount() if failed else used)
            if not failed:
                made.append(used)
            booked = sum(made, Amount())
            assert (ledger.spent.calls, ledger.spent.usage) == (booked.calls, booked.usage)
            assert ledger.spent.cost_usd == pytest.approx(booked.cost_usd)
            assert ledger.spent.calls <= calls
            assert ledger.spent.usage.total <= tokens
            assert ledger.spent.cost_usd <= cents / 100 + 2 * ROUNDING
            if draw.random() < 0.1:
                return

    async def work() -> None:
        ledger = Ledger(limits, Amount())
        await asyncio.wait_for(asyncio.gather(*(worker(ledger) for _ in range(workers))), timeout=20)

    asyncio.run(work())


def test_what_is_held_back_is_there_in_the_end() -> None:
    async def work() -> None:
        ledger = Ledger(Limits(max_calls=10), Amount())
        ledger.hold_back(lambda: amount(4, 0, 0))
        await ledger.reserve(amount(6, 0, 0))
        await ledger.settle(amount(6, 0, 0), amount(6, 0, 0))
        with pytest.raises(BudgetExhaustedError, match="6 of 10 calls"):
            await ledger.reserve(amount(1, 0, 0))
        ledger.release_held_back()
        await ledger.reserve(amount(4, 0, 0))

    asyncio.run(work())


def test_what_is_held_back_follows_what_is_known_of_the_end() -> None:
    async def work() -> None:
        ledger = Ledger(Limits(max_tokens=100), Amount())
        needed = [amount(1, 10, 0)]
        ledger.hold_back(lambda: needed[0])
        assert ledger.fits(amount(1, 90, 0))
        needed[0] = amount(1, 60, 0)
        assert not ledger.fits(amount(1, 41, 0))
        await ledger.reserve(amount(1, 40, 0))
        needed[0] = amount(1, 90, 0)  # More than there is: nothing is reserved any more, and no wall falls.
        await ledger.settle(amount(1, 40, 0), amount(1, 40, 0))
        with pytest.raises(BudgetExhaustedError):
            await ledger.reserve(amount(1, 1, 0))
        ledger.release_held_back()
        await ledger.reserve(amount(1, 60, 0))

    asyncio.run(work())


def test_a_reservation_waits_for_others_to_shrink() -> None:
    async def work() -> None:
        ledger = Ledger(Limits(max_tokens=100), Amount())
        await ledger.reserve(amount(1, 80, 0))
        second = asyncio.create_task(ledger.reserve(amount(1, 50, 0)))
        await asyncio.sleep(0.01)
        assert not second.done()
        await ledger.settle(amount(1, 80, 0), amount(1, 20, 0))
        await asyncio.wait_for(second, timeout=1)

    asyncio.run(work())
