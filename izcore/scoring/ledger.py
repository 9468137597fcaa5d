"""The budget: a hard wall of calls, tokens and money, reserved before a call and settled after it."""

import asyncio
import math

from izcore.config.schema import Limits
from izcore.plugin.errors import BudgetExhaustedError
from izcore.plugin.records import Amount

ROUNDING = 1e-9
"""US dollars: sums of floating-point costs may be off by less than this."""


def dollars(limit: float) -> str:
    """Show a limit in US dollars, whole cents as such, and smaller ones without rounding them away."""
    return f"${limit:.2f}" if math.isclose(limit, round(limit, 2)) else f"${limit:.3g}"


class Ledger:
    """Guards the limits of one run.

    What is spent plus what is reserved never exceeds a limit, whatever runs at once: every reservation is
    an upper bound, and a call is only made under one. ``hold_back`` keeps an amount for the final test.

    ``cached_calls`` counts the answers that other runs paid for. They cost nothing; where ``limits`` say so
    they take room below the limit on calls all the same, so that a run's length does not depend on which
    runs came before it.
    """

    def __init__(self, limits: Limits, spent: Amount, cached_calls: int = 0) -> None:
        self._limits = limits
        self._reserved = Amount()
        self._under_way = 0
        self._held_back = Amount()
        self._turn = asyncio.Lock()
        self._changed = asyncio.Condition()
        self.spent = spent
        self.cached_calls = cached_calls

    def charge_of_cached(self, calls: int) -> Amount:
        """Return what so many answers from the cache take of the budget."""
        return Amount(calls=calls if self._limits.count_cached else 0)

    def hold_back(self, amount: Amount) -> None:
        """Keep ``amount`` out of reach until :meth:`release_held_back`."""
        self._held_back = amount

    def release_held_back(self) -> None:
        """Make the amount kept for the final test available."""
        self._held_back = Amount()

    def fits(self, amount: Amount) -> bool:
        """Whether ``amount`` fits below every limit, beside what is spent, reserved and held back."""
        return self._within(self.spent + self._reserved + self._held_back + amount)

    async def reserve(self, *amounts: Amount) -> None:
        """Reserve upper bounds, all or none, in the order of asking; each is settled by itself.

        Waits while other reservations may yet shrink; raises BudgetExhaustedError once nothing is under way
        and it still does not fit.
        """
        amount = sum(amounts, Amount())
        async with self._turn, self._changed:
            while not self.fits(amount):
                if not self._under_way:
                    raise BudgetExhaustedError(f"The budget is used up: {self.describe()}.")
                await self._changed.wait()
            self._reserved += amount
            self._under_way += len(amounts)

    async def settle(self, reserved: Amount, spent: Amount, *, cached_calls: int = 0) -> None:
        """Give a reservation back and book what was really spent (nothing, for a call that failed).

        ``cached_calls`` of the reserved ones were answered from the cache.
        """
        async with self._changed:
            self._under_way -= 1
            # Nothing under way is exactly nothing, whatever rounding left of the dollars.
            self._reserved = self._reserved - reserved if self._under_way else Amount()
            self.spent += spent
            self.cached_calls += cached_calls
            self._changed.notify_all()

    def describe(self) -> str:
        """Say what was spent of what, for people."""
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
