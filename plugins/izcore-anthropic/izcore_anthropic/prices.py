"""Anthropic's list prices (standard tier), as its pricing pages showed them on the day of :data:`SOURCE`.

An option ``price`` overrides them. A model that is not listed has no known price.
"""

import re

from izcore.plugin import ListPrice, Price

SOURCE = "Anthropic's prices of 2026-11-20"


def _row(dollars_in: float, dollars_out: float, up_to: int | None = None) -> ListPrice:
    return ListPrice(price=Price(input=dollars_in, output=dollars_out), up_to=up_to, source=SOURCE)


PRICES = {
    "claude-fable-5-2": _row(8.00, 40.00),
    "claude-fable-5-1": _row(10.00, 50.00),
    "claude-fable-5": _row(10.00, 50.00),
    "claude-opus-5-5": _row(4.00, 20.00),
    "claude-opus-5": _row(5.00, 25.00),
    "claude-opus-4-8": _row(5.00, 25.00),
    "claude-opus-4-7": _row(5.00, 25.00),
    "claude-opus-4-6": _row(5.00, 25.00),
    "claude-opus-4-5": _row(5.00, 25.00),
    "claude-sonnet-5-5": _row(2.00, 10.00),
    "claude-sonnet-5": _row(2.00, 10.00),
    "claude-sonnet-4-6": _row(3.00, 15.00),
    "claude-sonnet-4-5": _row(3.00, 15.00),
    # Longer prompts cost five times as much.
    "claude-haiku-5-5": _row(0.10, 0.50, up_to=100_000),
    "claude-haiku-4-5": _row(1.00, 5.00),
}


def list_price(model: str) -> ListPrice | None:
    """Return the list price of a model, whichever dated snapshot or ``provider/`` prefix is named."""
    name = model.rpartition("/")[2]
    return PRICES.get(re.sub(r"-20\d{6}$", "", name))
