"""Whatever is asked is answered in its order, and never paid twice."""

import asyncio
import itertools
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.scripted_model import PRICE, Bench, Scripted, echo

from izcore.config.schema import Limits, Retries
from izcore.plugin.calls import Prompt, Usage
from izcore.plugin.errors import BudgetExhaustedError, TransientScorerError


def test_answers_come_in_order_and_a_prompt_is_asked_once(tmp_path: Path) -> None:
    scorer = Scripted(echo, batch_size=2)
    bench = Bench(tmp_path, scorer, Retries())
    assert bench.ask("a", "b", "a", "c") == ["A", "B", "A", "C"]
    assert scorer.sent == [("a", "b"), ("c",)]
    assert bench.ask("c", "b") == ["C", "B"]
    assert len(scorer.sent) == 2
    assert bench.ledger.spent.calls == 3


def test_a_scorer_without_messages_is_sent_one_and_shares_its_answer(tmp_path: Path) -> None:
    scorer = Scripted(echo)
    bench = Bench(tmp_path, scorer, Retries())
    asyncio.run(bench.client.complete([Prompt(text="a", system="go")]))
    assert scorer.sent == [("go\n\na",)]
    assert bench.ask("go\n\na") == ["GO\n\nA"]
    assert len(scorer.sent) == 1


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


def test_samples_and_temperatures_are_asked_for_apart(tmp_path: Path) -> None:
    scorer = Scripted(lambda text, attempt: f"{text}{attempt}")
    bench = Bench(tmp_path, scorer, Retries())
    prompts = [
        Prompt(text="a"),
        Prompt(text="a", sample=1),
        Prompt(text="a", temperature=1.0),
        Prompt(text="a"),
    ]
    answers = asyncio.run(bench.client.complete(prompts)).completions
    assert sorted(c.text for c in answers if c) == ["a1", "a1", "a2", "a3"]
    assert len(scorer.sent) == 3


@settings(max_examples=40, deadline=None)
@given(dollars=st.integers(1, 400), groups=st.lists(st.integers(1, 9), min_size=1, max_size=8))
def test_a_wall_holds_and_what_is_below_it_is_used(
    tmp_path_factory: pytest.TempPathFactory, dollars: int, groups: list[int]
) -> None:
    """An answer takes 4 dollars, and may take 13: unspent reserves are there for those who ask later."""
    scorer = Scripted(echo)
    bench = Bench(
        tmp_path_factory.mktemp("wall"), scorer, Retries(), price=PRICE, limits=Limits(max_cost=dollars)
    )
    bench.client.learn([Prompt(text="000")] * 5, Usage(input_tokens=15, output_tokens=5))
    number = itertools.count(100)
    asked = [[Prompt(text=str(next(number))) for _ in range(size)] for size in groups]

    async def all_at_once() -> list[object]:
        return list(await asyncio.gather(*map(bench.client.complete, asked), return_exceptions=True))

    outcomes = asyncio.run(all_at_once())
    spent = bench.ledger.spent.cost_usd
    assert spent == 4 * len(scorer.sent) <= dollars
    refused = [group for group, one in zip(asked, outcomes, strict=True) if isinstance(one, BaseException)]
    for group in refused:
        # Four dollars each, a quarter more in case, and room to reserve the last call.
        assert spent + 4 * len(group) * 1.25 + 13 > dollars
