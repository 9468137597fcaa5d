"""Observers hear what became of every call."""

from pathlib import Path

from support.scripted_model import PRICE, Bench, Scripted, echo

from izcore.config.schema import Retries
from izcore.plugin.errors import TransientScorerError


def test_every_call_is_told_with_tries_and_outcome(tmp_path: Path) -> None:
    def flaky(text: str, attempt: int) -> str:
        if text == "bad" or attempt == 1:
            raise TransientScorerError("overloaded")
        return text

    Bench(tmp_path, Scripted(echo), Retries(), "earlier").ask("known")
    bench = Bench(tmp_path, Scripted(flaky), Retries(tries=2), price=PRICE)
    bench.ask("good", "bad", "known")
    told = {event.prompt.text: event for event in bench.finished}
    assert {text: (event.outcome, event.tries) for text, event in told.items()} == {
        "good": ("answered", 2),
        "bad": ("failed", 2),
        "known": ("cached", 0),
    }
    assert (told["good"].cost_usd, told["known"].cost_usd, told["bad"].error) == (5.0, 0.0, "overloaded")
