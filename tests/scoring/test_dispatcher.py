"""Calls are tried again with patience, bounded, and never paid twice; a test owns clock and chance."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from izcore.config.schema import Limits, RateLimits, Retries
from izcore.plugin.errors import BackendError, BudgetExhaustedError, FatalScorerError, TransientScorerError
from izcore.plugin.events import CallFinished
from izcore.plugin.protocols import Scorer
from izcore.plugin.records import (
    Completion,
    CompletionRequest,
    CompletionResult,
    Price,
    Prompt,
    ScorerInfo,
    Usage,
)
from izcore.scoring.dispatcher import Caller, completion_key
from izcore.scoring.ledger import Ledger
from izcore.storage.store import Store

Answer = Callable[[str, int], str]


class Scripted(Scorer):
    """A scorer whose answer to a prompt's n-th try is a function's; it records what it was sent."""

    def __init__(self, answer: Answer, *, batch_size: int = 1, concurrency: int = 4) -> None:
        self.answer = answer
        self.sent: list[tuple[str, ...]] = []
        self.tries: dict[str, int] = {}
        self.at_once = self.most_at_once = 0
        self._info = ScorerInfo(
            identity={"model": "scripted"}, batch_size=batch_size, concurrency=concurrency
        )

    def info(self) -> ScorerInfo:
        return self._info

    def bound(self, prompt: Prompt) -> Usage:
        return Usage(input_tokens=len(prompt.text), output_tokens=10)

    async def complete(self, request: CompletionRequest) -> CompletionResult:
        texts = tuple(prompt.text for prompt in request.prompts)
        self.sent.append(texts)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(0.001)
            completions = []
            for text in texts:
                self.tries[text] = self.tries.get(text, 0) + 1
                answer = self.answer(text, self.tries[text])
                usage = Usage(input_tokens=len(text), output_tokens=1)
                completions.append(Completion(text=answer, usage=usage))
            return CompletionResult(completions=tuple(completions))
        finally:
            self.at_once -= 1


class Bench:
    """A caller with its store, and the waits that it would have made."""

    def __init__(
        self,
        folder: Path,
        scorer: Scripted,
        retries: Retries,
        run_id: str = "r",
        *,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        price: Price | None = None,
        shared: bool = True,
        real_waits: bool = False,
    ) -> None:
        self.time = 0.0
        self.waits: list[float] = []
        self.finished: list[CallFinished] = []
        self.store = Store(folder / "db.sqlite")
        spent, cached = self.store.spent(run_id)
        self.ledger = Ledger(limits, spent, cached)

        async def sleep(seconds: float) -> None:
            self.waits.append(seconds)
            self.time += seconds

        self.caller = Caller(
            scorer,
            asker="scorer",
            store=self.store,
            run_id=run_id,
            ledger=self.ledger,
            price=price,
            cached_calls=cached,
            retries=retries,
            rate=RateLimits(),
            shared=shared,
            seed=0,
            on_answers=lambda: None,
            on_call=self.finished.append,
            clock=lambda: 0.0,
            stopwatch=self.now,
            sleep=asyncio.sleep if real_waits else sleep,
            jitter=lambda: 0.0,
        )

    def now(self) -> float:
        return self.time

    def ask(self, *texts: str) -> list[str | None]:
        answers = asyncio.run(self.caller.complete([Prompt(text=text) for text in texts]))
        return [None if c is None else c.text for c in answers.completions]


def echo(text: str, attempt: int) -> str:
    return text.upper()


def test_answers_come_in_order_and_a_prompt_is_asked_once(tmp_path: Path) -> None:
    scorer = Scripted(echo, batch_size=2)
    bench = Bench(tmp_path, scorer, Retries())
    assert bench.ask("a", "b", "a", "c") == ["A", "B", "A", "C"]
    assert scorer.sent == [("a", "b"), ("c",)]
    assert bench.ask("c", "b") == ["C", "B"]
    assert len(scorer.sent) == 2
    assert bench.ledger.spent.calls == 3


def test_cached_answers_take_room_where_the_limits_say_so(tmp_path: Path) -> None:
    Bench(tmp_path, Scripted(echo), Retries(), "first").ask("a", "b")
    free, charged = Limits(max_calls=3), Limits(max_calls=3, count_cached=True)
    scorer = Scripted(echo)
    assert Bench(tmp_path, scorer, Retries(), "free", limits=free).ask("a", "b", "c", "d", "e")
    bench = Bench(tmp_path, scorer, Retries(), "charged", limits=charged)
    with pytest.raises(BudgetExhaustedError, match="0 of 3 calls"):
        bench.ask("a", "b", "x", "y")
    assert bench.ask("a", "a", "b", "z") == ["A", "A", "B", "Z"]
    assert bench.ask("b") == ["B"]
    assert (bench.ledger.spent.calls, bench.ledger.cached_calls) == (1, 2)
    again = Bench(tmp_path, scorer, Retries(), "charged", limits=charged)
    assert again.ask("a", "z") == ["A", "Z"]
    with pytest.raises(BudgetExhaustedError, match="3 of 3 calls"):
        again.ask("c")
    assert [sent for (sent,) in scorer.sent] == ["c", "d", "e", "z"]


def test_concurrency_is_used_and_limited(tmp_path: Path) -> None:
    scorer = Scripted(echo, concurrency=5)
    Bench(tmp_path, scorer, Retries()).ask(*(f"p{i}" for i in range(40)))
    assert scorer.most_at_once == 5


def test_waits_grow_and_are_bounded_and_the_server_is_obeyed(tmp_path: Path) -> None:
    def overloaded(text: str, attempt: int) -> str:
        if attempt == 3:
            raise TransientScorerError("wait", retry_after=17.0)
        if attempt < 8:
            raise TransientScorerError("overloaded")
        return "at last"

    bench = Bench(tmp_path, Scripted(overloaded), Retries(tries=9, max_wait=10.0))
    assert bench.ask("x") == ["at last"]
    assert bench.waits == [0.5, 1.0, 17.0, 4.0, 5.0, 5.0, 5.0]


def test_a_call_that_keeps_failing_is_missing_not_zero_and_costs_nothing(tmp_path: Path) -> None:
    def down(text: str, attempt: int) -> str:
        if text == "bad":
            raise TransientScorerError("down")
        return text

    bench = Bench(tmp_path, Scripted(down), Retries(tries=3))
    assert bench.ask("good", "bad") == ["good", None]
    assert len(bench.waits) == 2
    assert bench.ledger.spent.calls == 1


def test_a_server_that_asks_for_more_patience_than_there_is_gets_no_wait(tmp_path: Path) -> None:
    def tomorrow(text: str, attempt: int) -> str:
        raise TransientScorerError("come back tomorrow", retry_after=86_400.0)

    bench = Bench(tmp_path, Scripted(tomorrow), Retries(max_total=600.0))
    assert bench.ask("x") == [None]
    assert bench.waits == []
    assert bench.caller.last_failure is not None
    assert "tomorrow" in bench.caller.last_failure.message


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


def test_another_run_has_the_answers_free(tmp_path: Path) -> None:
    Bench(tmp_path, Scripted(echo), Retries(), "first").ask("a", "b")
    scorer = Scripted(echo)
    second = Bench(tmp_path, scorer, Retries(), "second")
    assert second.ask("a", "b", "c") == ["A", "B", "C"]
    assert scorer.sent == [("c",)]
    assert (second.caller.cached_calls, second.ledger.spent.calls) == (2, 1)
    assert second.store.spent("second") == (second.ledger.spent, 2)


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


@settings(max_examples=25, deadline=None)
@given(
    texts=st.lists(st.text(max_size=5), max_size=30),
    batch_size=st.integers(1, 7),
    flaky=st.integers(0, 3),
)
def test_whatever_is_asked_is_answered_and_booked_once(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], batch_size: int, flaky: int
) -> None:
    def sometimes(text: str, attempt: int) -> str:
        if attempt <= flaky:
            raise TransientScorerError("again")
        return text + "!"

    # A batch fails as a whole, so its prompts need as many tries as there are flaky ones among them.
    retries = Retries(tries=1 + flaky * batch_size)
    bench = Bench(tmp_path_factory.mktemp("calls"), Scripted(sometimes, batch_size=batch_size), retries)
    assert bench.ask(*texts) == [text + "!" for text in texts]
    spent, cached = bench.store.spent("r")
    assert spent == bench.ledger.spent
    assert (spent.calls, cached) == (len(set(texts)), 0)
    assert spent.usage == sum((Usage(input_tokens=len(t), output_tokens=1) for t in set(texts)), Usage())


def test_the_key_holds_everything_that_changes_the_answer() -> None:
    def key(text: str, **identity: object) -> str:
        return completion_key(ScorerInfo(identity=identity), Prompt(text=text))

    assert key("a", model="m", temperature=0) == key("a", temperature=0, model="m")
    assert len({key("a", model="m"), key("b", model="m"), key("a", model="n"), key("a", model="m", t=1)}) == 4


PRICE = Price(input=1e6, output=1e6)
"""A dollar per token, so that dollars and tokens are one number."""


def lost(text: str, attempt: int) -> str:
    if attempt == 1:
        raise TransientScorerError("no answer in time", may_be_billed=True)
    return text


def test_a_call_that_may_be_billed_is_booked_at_its_bound_and_tried_again(tmp_path: Path) -> None:
    bench = Bench(tmp_path, Scripted(lost), Retries(), price=PRICE)
    assert bench.ask("abc") == ["abc"]
    # The lost try: 3 tokens in and the bound of 10 out; the answer: 3 in and 1 out.
    assert (bench.ledger.spent.calls, bench.ledger.spent.cost_usd) == (2, 13 + 4)
    assert bench.store.spent("r")[0] == bench.ledger.spent
    assert bench.store.lost("r").calls == 1


def test_the_wall_holds_when_tries_may_be_billed(tmp_path: Path) -> None:
    bench = Bench(tmp_path, Scripted(lost), Retries(), price=PRICE, limits=Limits(max_cost=20.0))
    with pytest.raises(BudgetExhaustedError):
        bench.ask("abc", "a")
    assert bench.ledger.spent.cost_usd <= 20.0
    assert bench.store.spent("r")[0] == bench.ledger.spent


def test_a_model_of_ones_own_bills_no_lost_call(tmp_path: Path) -> None:
    bench = Bench(tmp_path, Scripted(lost), Retries(), price=Price(input=0, output=0))
    assert bench.ask("abc") == ["abc"]
    assert bench.ledger.spent.calls == 1


def test_calls_under_way_when_the_process_dies_count_as_spent(tmp_path: Path) -> None:
    def dies(text: str, attempt: int) -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Bench(tmp_path, Scripted(dies), Retries(), price=PRICE).ask("abc")
    again = Bench(tmp_path, Scripted(echo), Retries(), price=PRICE)
    assert (again.ledger.spent.calls, again.ledger.spent.cost_usd) == (1, 13)


def test_without_the_cache_each_run_asks_for_itself_and_keeps_what_it_got(tmp_path: Path) -> None:
    Bench(tmp_path, Scripted(echo), Retries(), "first").ask("a")
    scorer = Scripted(lambda text, attempt: "another answer")
    alone = Bench(tmp_path, scorer, Retries(), "second", shared=False)
    assert alone.ask("a") == ["another answer"]
    resumed = Bench(tmp_path, Scripted(echo), Retries(), "second", shared=False)
    assert resumed.ask("a") == ["another answer"]
    assert Bench(tmp_path, Scripted(echo), Retries(), "third").ask("a") == ["A"]


def test_samples_and_temperatures_are_asked_for_apart(tmp_path: Path) -> None:
    scorer = Scripted(lambda text, attempt: f"{text}{attempt}")
    bench = Bench(tmp_path, scorer, Retries())
    prompts = [
        Prompt(text="a"),
        Prompt(text="a", sample=1),
        Prompt(text="a", temperature=1.0),
        Prompt(text="a"),
    ]
    answers = asyncio.run(bench.caller.complete(prompts)).completions
    assert sorted(c.text for c in answers if c) == ["a1", "a1", "a2", "a3"]
    assert len(scorer.sent) == 3


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


def test_what_two_evaluations_ask_at_once_is_paid_once(tmp_path: Path) -> None:
    scorer = Scripted(echo, concurrency=8)
    bench = Bench(tmp_path, scorer, Retries(), price=PRICE)

    async def both() -> list[list[str | None]]:
        asked = (["a", "b", "c"], ["b", "c", "d"], ["c"])
        answers = await asyncio.gather(
            *(bench.caller.complete([Prompt(text=text) for text in texts]) for texts in asked)
        )
        return [[c.text if c else None for c in found.completions] for found in answers]

    assert asyncio.run(both()) == [["A", "B", "C"], ["B", "C", "D"], ["C"]]
    assert sorted(texts[0] for texts in scorer.sent) == ["a", "b", "c", "d"]
    assert bench.ledger.spent.calls == 4 == bench.store.spent("r")[0].calls


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
        first = [asyncio.create_task(bench.caller.complete([Prompt(text=text)])) for text in "ab"]
        while order != ["a"]:
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        late = asyncio.create_task(bench.caller.complete([Prompt(text="d")]))
        waited = asyncio.gather(*first, late, return_exceptions=True)
        return list(await asyncio.wait_for(waited, timeout=5))

    answers = asyncio.run(asked())
    assert not [each for each in answers if isinstance(each, BaseException)]
    assert sorted(order) == ["a", "a", "b", "d"]
    assert bench.ledger.spent.cost_usd == 11 + 2 + 2 + 2


def test_a_fatal_error_ends_the_waits_of_others(tmp_path: Path) -> None:
    def one_is_told_to_wait(text: str, attempt: int) -> str:
        if text == "expired":
            raise FatalScorerError("The key has expired.")
        raise TransientScorerError("come back later", retry_after=300.0)

    scorer = Scripted(one_is_told_to_wait, concurrency=2)
    bench = Bench(tmp_path, scorer, Retries(), real_waits=True)

    async def work() -> None:
        prompts = [Prompt(text=text) for text in ("later", "expired", "next in turn")]
        with pytest.raises(FatalScorerError, match="expired"):
            await asyncio.wait_for(bench.caller.complete(prompts), timeout=5)

    asyncio.run(work())
    assert scorer.sent == [("later",), ("expired",)]


def test_who_waits_for_anothers_call_hears_why_it_was_never_made(tmp_path: Path) -> None:
    scorer = Scripted(echo)
    # Beside the first call there is no room for the second two, and after it neither.
    bench = Bench(tmp_path, scorer, Retries(), price=PRICE, limits=Limits(max_cost=22.0))

    async def all_three() -> list[object]:
        asked = (["a"], ["bbb", "ccc"], ["ccc"])
        waited = (bench.caller.complete([Prompt(text=text) for text in texts]) for texts in asked)
        return list(await asyncio.gather(*waited, return_exceptions=True))

    first, second, third = asyncio.run(all_three())
    assert not isinstance(first, BaseException)
    assert isinstance(second, BudgetExhaustedError)
    assert third is second
    assert scorer.sent == [("a",)]
