"""List prices of models, and up to which length of a prompt they hold."""

import ipaddress
from importlib.util import find_spec
from urllib.parse import urlsplit

from izcore.plugin.calls import Price
from izcore.plugin.errors import UsageError
from izcore.plugin.http.endpoint import Endpoint
from izcore.plugin.record import Record


class ListPrice(Record):
    """A model's price in a price list.

    ``up_to`` is the number of input tokens up to which the price holds; None where it holds for every prompt.
    ``source`` says which list it is, and of when.
    """

    price: Price
    up_to: int | None = None
    source: str = ""


def price_at(endpoint: Endpoint, model: str, listed: ListPrice | None) -> ListPrice | None:
    """Return the price of a model at an endpoint; None where it is not known.

    ``listed`` is its price in the plugin's own list, which counts at the provider itself. Elsewhere, and for
    models that are not listed, the optional package ``genai-prices`` is asked, which knows the prices of many
    providers by their addresses; it asks nobody.
    """
    if endpoint.official and listed is not None:
        return listed
    return _in_library(model, endpoint.base_url) or listed


def _in_library(model: str, base_url: str) -> ListPrice | None:
    if _is_private(base_url) or find_spec("genai_prices") is None:
        return None
    import genai_prices

    thousand = genai_prices.Usage(input_tokens=1_000, output_tokens=1_000)
    try:
        found = genai_prices.calc_price(thousand, model, provider_api_url=base_url)
    except (LookupError, ValueError):
        return None
    # Where the list says nothing of tokens, something else is billed.
    rates = (
        getattr(found.model_price, "input_mtok", None),
        getattr(found.model_price, "output_mtok", None),
    )
    if None in rates:
        return None
    starts = [tier.start for rate in rates for tier in getattr(rate, "tiers", ())]
    return ListPrice(
        price=Price(input=float(found.input_price) * 1000, output=float(found.output_price) * 1000),
        up_to=min(starts, default=None),
        source=f"genai-prices {genai_prices.__version__}",
    )


def _is_private(base_url: str) -> bool:
    """Whether an address is one of the user's own machines, for which no list has a price."""
    host = urlsplit(base_url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host


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
