"""Calls are made so many at once, tried again when they fail, and explained when that is no use."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from support.scripted_model import PRICE, Bench, Scripted, echo

from izcore.config.schema import Limits, Retries
from izcore.plugin.calls import CompletionRequest, CompletionResult, Prompt, Usage
from izcore.plugin.errors import (
    BackendError,
    FatalScorerError,
    PromptRejectedError,
    TransientScorerError,
)


def test_concurrency_is_used_and_limited(tmp_path: Path) -> None:
    scorer = Scripted(echo, concurrency=5)
    Bench(tmp_path, scorer, Retries()).ask(*(f"p{i}" for i in range(40)))
    assert scorer.most_at_once == 5


def test_a_call_that_keeps_failing_is_missing_not_zero_and_costs_nothing(tmp_path: Path) -> None:
    def down(text: str, attempt: int) -> str:
        if text == "bad":
            raise TransientScorerError("down")
        return text

    bench = Bench(tmp_path, Scripted(down), Retries(tries=3))
    assert bench.ask("good", "bad") == ["good", None]
    assert len(bench.waits) == 2
    assert bench.ledger.spent.calls == 1


def test_a_fatal_error_stops_but_keeps_what_was_answered(tmp_path: Path) -> None:
    def expired(text: str, attempt: int) -> str:
        if text == "p5":
            raise FatalScorerError("The key has expired.")
        return text

    scorer = Scripted(expired, concurrency=1)
    bench = Bench(tmp_path, scorer, Retries())
    with pytest.raises(FatalScorerError, match="expired"):
        bench.ask(*(f"p{i}" for i in range(10)))
    answered = bench.ledger.spent.calls
    assert answered == 5
    assert len(scorer.sent) == 6
    healthy = Scripted(echo)
    again = Bench(tmp_path, healthy, Retries())
    again.ask(*(f"p{i}" for i in range(10)))
    assert len(healthy.sent) == 10 - answered


@pytest.mark.parametrize("place", [0, 3, 9])
def test_a_prompt_that_is_rejected_stops_nobody_else(tmp_path: Path, place: int) -> None:
    def too_long(text: str, attempt: int) -> str:
        if text == f"p{place}":
            raise PromptRejectedError("Too long.")
        return text

    bench = Bench(tmp_path, scorer := Scripted(too_long), Retries())
    asked = [f"p{i}" for i in range(10)]
    assert bench.ask(*asked) == [None if text == f"p{place}" else text for text in asked]
    assert len(scorer.sent) == 10
    # So it is when the run goes on later, and only that one is left to ask.
    assert bench.ask(*asked)[place] is None


def test_where_all_prompts_are_rejected_the_first_ends_it(tmp_path: Path) -> None:
    def rejected(text: str, attempt: int) -> str:
        raise PromptRejectedError("No such parameter.")

    with pytest.raises(PromptRejectedError, match="No such parameter"):
        Bench(tmp_path, scorer := Scripted(rejected, concurrency=4), Retries()).ask(*"abcdefghij")
    assert len(scorer.sent) <= 4


def test_too_few_answers_are_the_scorers_fault(tmp_path: Path) -> None:
    class Forgetful(Scripted):
        async def complete(self, request: CompletionRequest) -> CompletionResult:
            return CompletionResult(completions=())

    with pytest.raises(BackendError, match="0 of 1"):
        Bench(tmp_path, Forgetful(echo), Retries()).ask("a")


def test_an_unexpected_error_is_explained(tmp_path: Path) -> None:
    def broken(text: str, attempt: int) -> str:
        raise KeyError("choices")

    with pytest.raises(BackendError, match="KeyError"):
        Bench(tmp_path, Scripted(broken), Retries()).ask("a")


def test_others_use_the_slot_of_a_call_that_waits(tmp_path: Path) -> None:
    """With one slot, a call that is told to wait does not keep the others waiting."""
    order: list[str] = []

    def first_fails(text: str, attempt: int) -> str:
        order.append(text)
        if text == "p0" and attempt == 1:
            raise TransientScorerError("overloaded")
        return text

    Bench(tmp_path, Scripted(first_fails, concurrency=1), Retries()).ask("p0", "p1", "p2")
    assert order[:2] == ["p0", "p1"]
    assert sorted(order) == ["p0", "p0", "p1", "p2"]


def test_a_try_that_waits_for_the_budget_keeps_no_other_from_its_slot(tmp_path: Path) -> None:
    """With one slot: whoever waits for room in the budget waits for calls that need the slot."""
    order: list[str] = []

    def first_is_lost(text: str, attempt: int) -> str:
        order.append(text)
        if text == "a" and attempt == 1:
            raise TransientScorerError("no answer in time", may_be_billed=True)
        return text

    # Room for three bounds of 11, of which the lost call takes one for good.
    limits = Limits(max_cost=33.0)
    bench = Bench(tmp_path, Scripted(first_is_lost, concurrency=1), Retries(), price=PRICE, limits=limits)

    async def asked() -> list[object]:
        first = [asyncio.create_task(bench.client.complete([Prompt(text=text)])) for text in "ab"]
        while order != ["a"]:
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        late = asyncio.create_task(bench.client.complete([Prompt(text="d")]))
        waited = asyncio.gather(*first, late, return_exceptions=True)
        return list(await asyncio.wait_for(waited, timeout=5))

    answers = asyncio.run(asked())
    assert not [each for each in answers if isinstance(each, BaseException)]
    assert sorted(order) == ["a", "a", "b", "d"]
    assert bench.ledger.spent.cost_usd == 11 + 2 + 2 + 2


@pytest.mark.parametrize(
    ("told", "booked", "capped"),
    [
        ((7, 2), (7, 2), False),
        ((6.2, "2"), (7, 2), False),
        ((-1, 2), (5, 2), True),
        ((7, 10**19), (7, 10), True),
        ((9 * 10**18, 9 * 10**18), (5, 10), True),
        ((float("nan"), float("inf")), (5, 10), True),
        ((None, "many"), (5, 10), True),
        (None, (5, 10), True),
    ],
)
def test_no_number_of_tokens_loses_an_answer_and_absurd_ones_are_capped(
    tmp_path: Path, told: Any, booked: tuple[int, int], capped: bool
) -> None:
    usage: Any = Usage(input_tokens=told[0], output_tokens=told[1]) if told else None

    class Odd(Scripted):
        async def complete(self, request: CompletionRequest) -> CompletionResult:
            answered = (await super().complete(request)).completions
            return CompletionResult(completions=tuple(replace(each, usage=usage) for each in answered))

    bench = Bench(tmp_path, Odd(echo), Retries(), price=PRICE)
    assert bench.ask("hello") == ["HELLO"]
    spent, _ = bench.store.spent("r")
    assert spent == bench.ledger.spent
    assert (spent.usage.input_tokens, spent.usage.output_tokens) == booked
    assert spent.cost_usd == sum(booked)
    assert bench.store.capped("r") == capped


def test_a_call_that_fails_again_is_no_further_failure_in_a_row(tmp_path: Path) -> None:
    def down(text: str, attempt: int) -> str:
        raise TransientScorerError("down")

    bench = Bench(tmp_path, Scripted(down), Retries(tries=1, max_failures=3))
    assert bench.ask("a", "b") == bench.ask("a", "b") == [None, None]
    with pytest.raises(BackendError, match="3 calls in a row failed"):
        bench.ask("c")


@pytest.mark.parametrize("tokens", [-1, 10**19])
def test_a_bound_that_cannot_be_is_the_scorers_fault(tmp_path: Path, tokens: int) -> None:
    class Boundless(Scripted):
        def bound(self, prompt: Prompt) -> Usage:
            return Usage(input_tokens=1, output_tokens=tokens)

    with pytest.raises(BackendError, match=f"takes {tokens} tokens"):
        Bench(tmp_path, Boundless(echo), Retries()).ask("x")
