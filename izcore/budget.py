"""The budget: a hard wall of calls, tokens and money, reserved before a call and settled after it."""

import asyncio

from izcore.config import Limits
from izcore.errors import BudgetExhaustedError, ConfigError
from izcore.records import Price, Record, Usage


class Amount(Record):
    """Calls and tokens, spent or reserved."""

    calls: int = 0
    usage: Usage = Usage()

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(calls=self.calls + other.calls, usage=self.usage + other.usage)

    def __sub__(self, other: "Amount") -> "Amount":
        return Amount(
            calls=self.calls - other.calls,
            usage=Usage(
                input_tokens=self.usage.input_tokens - other.usage.input_tokens,
                output_tokens=self.usage.output_tokens - other.usage.output_tokens,
            ),
        )


class Budget:
    """Guards the limits of one run.

    What is spent plus what is reserved never exceeds a limit, whatever runs at once: every reservation is
    an upper bound, and a call is only made under one. ``hold_back`` keeps an amount for the final test.
    """

    def __init__(self, limits: Limits, price: Price | None, spent: Amount) -> None:
        if limits.max_cost is not None and price is None:
            raise ConfigError(
                "budget.max_cost: the price of the scorer's model is not known.",
                hint='Give it in TOML, in dollars per million tokens: [prices."MODEL"] input = …, output = …',
            )
        self._limits = limits
        self._price = price
        self._reserved = Amount()
        self._held_back = Amount()
        self._turn = asyncio.Lock()
        self._changed = asyncio.Condition()
        self.spent = spent

    def hold_back(self, amount: Amount) -> None:
        """Keep ``amount`` out of reach until :meth:`release_held_back`."""
        self._held_back = amount

    def release_held_back(self) -> None:
        """Make the amount kept for the final test available."""
        self._held_back = Amount()

    def fits(self, amount: Amount) -> bool:
        """Whether ``amount`` fits below every limit, beside what is spent, reserved and held back."""
        return self._within(self.spent + self._reserved + self._held_back + amount)

    async def reserve(self, amount: Amount) -> None:
        """Reserve an upper bound, in the order of asking, waiting while other reservations may yet shrink.

        Raises BudgetExhaustedError once nothing is under way and it still does not fit.
        """
        async with self._turn, self._changed:
            while not self.fits(amount):
                if self._reserved == Amount():
                    raise BudgetExhaustedError(f"The budget is used up: {self.describe()}.")
                await self._changed.wait()
            self._reserved += amount

    async def settle(self, reserved: Amount, spent: Amount) -> None:
        """Give a reservation back and book what was really spent (nothing, for a call that failed)."""
        async with self._changed:
            self._reserved -= reserved
            self.spent += spent
            self._changed.notify_all()

    def cost(self, usage: Usage) -> float | None:
        """Cost in US dollars; None where the price is not known."""
        return self._price.cost(usage) if self._price else None

    def describe(self) -> str:
        """Say what was spent of what, for people."""
        parts = []
        if self._limits.max_calls is not None:
            parts.append(f"{self.spent.calls} of {self._limits.max_calls} calls")
        if self._limits.max_tokens is not None:
            parts.append(f"{self.spent.usage.total} of {self._limits.max_tokens} tokens")
        if self._limits.max_cost is not None:
            parts.append(f"${self.cost(self.spent.usage) or 0.0:.4f} of ${self._limits.max_cost:.2f}")
        return ", ".join(parts) or "no limits"

    def _within(self, total: Amount) -> bool:
        limits = self._limits
        if limits.max_calls is not None and total.calls > limits.max_calls:
            return False
        if limits.max_tokens is not None and total.usage.total > limits.max_tokens:
            return False
        if limits.max_cost is None or self._price is None:
            return True
        return self._price.cost(total.usage) <= limits.max_cost
