"""Prices: the provider's own list first, then a library that knows many providers, and their date."""

import pytest

from izcore.plugin import ListPrice, Price, Provider, find_endpoint
from izcore.plugin.http.endpoint import Endpoint
from izcore.plugin.http.prices import price_at

OURS = ListPrice(price=Price(input=7.0, output=9.0), source="ours of yesterday")
PROVIDER = Provider(
    name="OpenAI",
    url="https://api.openai.com/v1",
    host="api.openai.com",
    url_variable="OURS_BASE_URL",
    key_variables=("OURS_API_KEY",),
    example_url="https://api.openai.com/v1",
)


def at(url: str) -> Endpoint:
    return find_endpoint(PROVIDER, {}, base_url=url, planning=True)


def test_the_plugins_list_counts_at_the_provider_itself() -> None:
    assert price_at(at("https://api.openai.com/v1"), "gpt-4o-mini", OURS) == OURS


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/v1", "http://10.0.0.7/v1", "http://gpu:8000/v1"])
def test_a_machine_of_ones_own_has_no_price_but_the_listed_one(url: str) -> None:
    assert price_at(at(url), "gpt-4o-mini", None) is None
    assert price_at(at(url), "gpt-4o-mini", OURS) == OURS


def test_the_library_knows_other_models_and_providers() -> None:
    library = pytest.importorskip("genai_prices", reason="the optional package genai-prices is not installed")
    older = price_at(at("https://api.openai.com/v1"), "gpt-4-turbo", None)
    assert older is not None
    assert older.price.output > older.price.input > 0
    assert older.source == f"genai-prices {library.__version__}"
    assert price_at(at("https://api.groq.com/openai/v1"), "llama-3.3-70b-versatile", OURS) not in (None, OURS)
    assert price_at(at("https://api.openai.com/v1"), "no-such-model", None) is None
    assert price_at(at("https://models.example.org/v1"), "gpt-4o-mini", None) is None


def test_a_price_that_rises_with_the_prompt_holds_up_to_there() -> None:
    pytest.importorskip("genai_prices", reason="the optional package genai-prices is not installed")
    url = "https://generativelanguage.googleapis.com/v1beta/openai"
    found = price_at(at(url), "gemini-2.5-pro", None)
    assert found is not None
    assert found.up_to == 200_000
