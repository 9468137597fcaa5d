"""OpenAI's list prices (standard tier), as its pricing pages showed them on the day of :data:`SOURCE`.

An option ``price`` overrides them. A model that is not listed has no known price.
"""

import re

from izcore.plugin import ListPrice, Price

SOURCE = "OpenAI's prices of 2026-11-20"

LONG_PROMPT = 272_000
"""Input tokens above which the newer models charge a whole request at a higher price."""


def _flat(dollars_in: float, dollars_out: float) -> ListPrice:
    return ListPrice(price=Price(input=dollars_in, output=dollars_out), source=SOURCE)


def _tiered(dollars_in: float, dollars_out: float) -> ListPrice:
    return ListPrice(price=Price(input=dollars_in, output=dollars_out), up_to=LONG_PROMPT, source=SOURCE)


PRICES = {
    "gpt-6.2-astra": _tiered(8.00, 40.00),
    "gpt-6.2-sol": _tiered(2.00, 10.00),
    "gpt-6.1-sol": _tiered(2.00, 10.00),
    "gpt-6.1-terra": _tiered(1.00, 5.00),
    "gpt-6-astra": _tiered(10.00, 50.00),
    "gpt-6-sol": _tiered(2.00, 10.00),
    "gpt-6-luna": _tiered(0.10, 0.50),
    # Its promotional price ($4 and $20) was announced until 2026-11-21 only.
    "gpt-5.6-sol": _tiered(5.00, 30.00),
    "gpt-5.6-terra": _tiered(2.00, 12.00),
    "gpt-5.6-luna": _tiered(0.20, 1.20),
    "gpt-5.5": _tiered(5.00, 30.00),
    "gpt-5.4": _tiered(2.50, 15.00),
    "gpt-5.4-mini": _tiered(0.75, 4.50),
    "gpt-5.4-nano": _tiered(0.20, 1.25),
    "gpt-5.2": _flat(1.75, 14.00),
    "gpt-5.1": _flat(1.25, 10.00),
    "gpt-5": _flat(1.25, 10.00),
    "gpt-5-mini": _flat(0.25, 2.00),
    "gpt-5-nano": _flat(0.05, 0.40),
    "gpt-4.1": _flat(2.00, 8.00),
    "gpt-4.1-mini": _flat(0.40, 1.60),
    "gpt-4o": _flat(2.50, 10.00),
    "gpt-4o-mini": _flat(0.15, 0.60),
    "o3": _flat(2.00, 8.00),
}


def list_price(model: str) -> ListPrice | None:
    """Return the list price of a model, whichever dated snapshot or ``provider/`` prefix is named."""
    name = model.rpartition("/")[2]
    return PRICES.get(re.sub(r"-\d{4}-\d{2}-\d{2}$", "", name))
