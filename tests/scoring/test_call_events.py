"""Observers hear what became of every call."""

import json
from pathlib import Path

from support.scripted_model import PRICE, Bench, Scripted, echo

from izcore.builtins.call_log import CallLog
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


def test_what_was_thought_is_told_apart_from_the_answer_also_from_the_cache(tmp_path: Path) -> None:
    def thinks(text: str, attempt: int) -> str:
        return f"<think>It is {text}?</think>\nParis"

    for run_id in ("first", "second"):
        bench = Bench(tmp_path, Scripted(thinks), Retries(), run_id)
        assert bench.ask("Rome") == ["Paris"]
        (event,) = bench.finished
        assert event.completion is not None
        assert (event.completion.text, event.completion.reasoning) == ("Paris", "It is Rome?")


def test_the_log_of_calls_holds_answer_and_reasoning_only_with_texts(tmp_path: Path) -> None:
    bench = Bench(tmp_path, Scripted(lambda text, attempt: "<think>Rome?</think>Paris"), Retries())
    bench.ask("Which town?")
    for with_text in (False, True):
        file = tmp_path / f"{with_text}.jsonl"
        with CallLog(file, with_text=with_text) as log:
            log.izcore_call_finished(bench.finished[0])
        line = json.loads(file.read_text())
        assert (line.get("answer"), line.get("reasoning")) == (
            ("Paris", "Rome?") if with_text else (None, None)
        )
        assert ("Rome" in file.read_text()) is with_text
