"""List prices of models, and up to which length of a prompt they hold."""

from izcore.plugin.calls import Price
from izcore.plugin.errors import UsageError
from izcore.plugin.record import Record


class ListPrice(Record):
    """A model's price in a price list.

    ``up_to`` is the number of input tokens up to which the price holds; None where it holds for every prompt.
    """

    price: Price
    up_to: int | None = None


def check_price_holds(size: int, up_to: int | None, model: str) -> None:
    """Raise UsageError for a prompt of ``size`` bytes that may be longer than its listed price holds for.

    ``up_to`` is that length in tokens, of at least one byte each; None where one price holds for all.
    """
    if up_to is not None and size > up_to:
        raise UsageError(
            f"A prompt of {size} bytes may exceed {up_to} tokens, "
            f"above which {model} costs more than the price list says.",
            hint="Set scorer.price to the price for long prompts, or shorten the inputs.",
        )
