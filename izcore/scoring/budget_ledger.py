"""Keeps a run to its budget of calls, tokens and money, whatever is asked at the same time."""

import asyncio
import math
from collections.abc import Callable, Sequence

from izcore.config.schema import Limits
from izcore.plugin.calls import Amount
from izcore.plugin.errors import BudgetExhaustedError

ROUNDING = 1e-9
"""US dollars: sums of floating-point costs may be off by less than this."""


def dollars(limit: float) -> str:
    """Show a limit in US dollars, whole cents as such, and smaller ones without rounding them away."""
    return f"${limit:.2f}" if math.isclose(limit, round(limit, 2)) else f"${limit:.3g}"


class Ledger:
    """The ledger of one run, in which calls are reserved before they are made and settled afterwards.

    A reservation is the most that a call can cost, so that what is spent and what is reserved together never
    exceed ``limits``, however many calls are made at once.

    ``spent`` and ``cached_calls`` are where the run stands when the ledger is opened; they grow with it.
    ``cached_calls`` counts the answers that other runs paid for. They cost nothing; but where ``limits`` say
    so, each takes the room of one call, so that a run's length does not depend on which runs came before it.
    ``priced`` is False where the price of one of the run's models is not known. ``narrow`` is held by whoever
    asks the rest of several prompts in parts, as far as there is room.
    """

    def __init__(self, limits: Limits, spent: Amount, cached_calls: int = 0, *, priced: bool = True) -> None:
        self._limits = limits
        self._priced = priced
        self._reserved = Amount()
        self._under_way = 0
        self._held_back: Callable[[], Amount] = Amount
        self._turn = asyncio.Lock()
        self._changed = asyncio.Condition()
        self.narrow = asyncio.Lock()
        self.spent = spent
        self.cached_calls = cached_calls

    @property
    def cost_usd(self) -> float | None:
        """What was spent, in US dollars; None where the price of one of the models is not known."""
        return self.spent.rounded_cost if self._priced else None

    def charge_of_cached(self, calls: int) -> Amount:
        """Return the room below the limits that so many answers from the cache take."""
        return Amount(calls=calls if self._limits.count_cached else 0)

    def hold_back(self, amount: Callable[[], Amount]) -> None:
        """Let nobody reserve what ``amount`` returns, which is needed at the end, until it is released.

        It may return less, or more, as more is known of what the end will take. It takes the place of what
        was held back before. :meth:`release_held_back` releases it.
        """
        self._held_back = amount

    def release_held_back(self) -> None:
        """Let what was held back be reserved."""
        self._held_back = Amount

    def fits(self, amount: Amount) -> bool:
        """Whether ``amount`` fits below every limit, beside what is spent, reserved and held back."""
        return self._within(self.spent + self._reserved + self._held_back() + amount)

    async def reserve(self, *amounts: Amount) -> None:
        """Reserve all of the amounts or none; each is to be settled by itself.

        Those who ask first are served first. Where there is no room, this waits for calls under way, which
        may turn out to cost less than what is reserved for them. Raises BudgetExhaustedError once no call is
        under way and there is still no room.
        """
        amount = sum(amounts, Amount())
        async with self._turn, self._changed:
            while not self.fits(amount):
                if not self._under_way:
                    raise BudgetExhaustedError(f"The budget is used up: {self.describe()}.")
                await self._changed.wait()
            self._reserved += amount
            self._under_way += len(amounts)

    async def split(self, reserved: Amount, parts: Sequence[Amount]) -> None:
        """Let one reserved amount be settled in parts, which together are no more than it."""
        async with self._changed:
            self._reserved = self._reserved - reserved + sum(parts, Amount())
            self._under_way += len(parts) - 1

    async def settle(self, reserved: Amount, spent: Amount, *, cached_calls: int = 0) -> None:
        """Give back one reserved amount and book what was spent of it; nothing, for a call that failed.

        ``cached_calls`` is how many of its calls the cache has answered.
        """
        async with self._changed:
            self._under_way -= 1
            # Nothing under way is exactly nothing, whatever rounding left of the dollars.
            self._reserved = self._reserved - reserved if self._under_way else Amount()
            self.spent += spent
            self.cached_calls += cached_calls
            self._changed.notify_all()

    def describe(self) -> str:
        """Say for people what is spent of each limit, such as "6 of 10 calls"."""
        parts = []
        if self._limits.max_calls is not None:
            parts.append(f"{self._counted(self.spent)} of {self._limits.max_calls} calls")
        if self._limits.max_tokens is not None:
            parts.append(f"{self.spent.usage.total} of {self._limits.max_tokens} tokens")
        if self._limits.max_cost is not None:
            parts.append(f"${self.spent.cost_usd:.4f} of {dollars(self._limits.max_cost)}")
        return ", ".join(parts) or "no limits"

    def _within(self, total: Amount) -> bool:
        limits = self._limits
        if limits.max_calls is not None and self._counted(total) > limits.max_calls:
            return False
        if limits.max_tokens is not None and total.usage.total > limits.max_tokens:
            return False
        return limits.max_cost is None or total.cost_usd <= limits.max_cost + ROUNDING

    def _counted(self, total: Amount) -> int:
        return total.calls + self.charge_of_cached(self.cached_calls).calls
