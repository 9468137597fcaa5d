"""What is known or under way is asked for by nobody."""

import asyncio
from pathlib import Path

from support.scripted_model import PRICE, Bench, Scripted, echo

from izcore.config.schema import Limits, Retries
from izcore.plugin.calls import Image, Message, Prompt, ScorerInfo
from izcore.plugin.errors import BudgetExhaustedError
from izcore.scoring.completion_cache import completion_key


def test_the_key_holds_everything_that_changes_the_answer() -> None:
    def key(text: str, **identity: object) -> str:
        return completion_key(ScorerInfo(identity=identity), Prompt(text=text))

    assert key("a", model="m", temperature=0) == key("a", temperature=0, model="m")
    assert len({key("a", model="m"), key("b", model="m"), key("a", model="n"), key("a", model="m", t=1)}) == 4


def test_the_key_holds_what_an_image_shows_and_not_where_it_lies() -> None:
    def key(*images: Image) -> str:
        turns = (Message(role="user", text="First.", images=images),)
        info = ScorerInfo(identity={"model": "m"}, images=True)
        keys = {
            completion_key(info, Prompt(text="?", images=images)),
            completion_key(info, Prompt(text="?", turns=turns)),
        }
        assert len(keys) == 2
        return min(keys)

    assert key(Image(source="/a.png", digest="d")) == key(Image(source="/b.png", digest="d"))
    assert key(Image(source="/a.png", digest="d")) != key(Image(source="/a.png", digest="e"))
    assert key(Image(source="https://a")) != key(Image(source="https://b"))


def test_another_run_has_the_answers_free(tmp_path: Path) -> None:
    Bench(tmp_path, Scripted(echo), Retries(), "first").ask("a", "b")
    scorer = Scripted(echo)
    second = Bench(tmp_path, scorer, Retries(), "second")
    assert second.ask("a", "b", "c") == ["A", "B", "C"]
    assert scorer.sent == [("c",)]
    assert (second.ledger.cached_calls, second.ledger.spent.calls) == (2, 1)
    assert second.store.spent("second") == (second.ledger.spent, 2)


def test_without_the_cache_each_run_asks_for_itself_and_keeps_what_it_got(tmp_path: Path) -> None:
    Bench(tmp_path, Scripted(echo), Retries(), "first").ask("a")
    scorer = Scripted(lambda text, attempt: "another answer")
    alone = Bench(tmp_path, scorer, Retries(), "second", shared=False)
    assert alone.ask("a") == ["another answer"]
    resumed = Bench(tmp_path, Scripted(echo), Retries(), "second", shared=False)
    assert resumed.ask("a") == ["another answer"]
    assert Bench(tmp_path, Scripted(echo), Retries(), "third").ask("a") == ["A"]


def test_what_two_evaluations_ask_at_once_is_paid_once(tmp_path: Path) -> None:
    scorer = Scripted(echo, concurrency=8)
    bench = Bench(tmp_path, scorer, Retries(), price=PRICE)

    async def both() -> list[list[str | None]]:
        asked = (["a", "b", "c"], ["b", "c", "d"], ["c"])
        answers = await asyncio.gather(
            *(bench.client.complete([Prompt(text=text) for text in texts]) for texts in asked)
        )
        return [[c.text if c else None for c in found.completions] for found in answers]

    assert asyncio.run(both()) == [["A", "B", "C"], ["B", "C", "D"], ["C"]]
    assert sorted(texts[0] for texts in scorer.sent) == ["a", "b", "c", "d"]
    assert bench.ledger.spent.calls == 4 == bench.store.spent("r")[0].calls


def test_who_waits_for_anothers_call_hears_why_it_was_never_made(tmp_path: Path) -> None:
    scorer = Scripted(echo)
    # Beside the first call there is no room for the second two, and after it neither.
    bench = Bench(tmp_path, scorer, Retries(), price=PRICE, limits=Limits(max_cost=22.0))

    async def all_three() -> list[object]:
        asked = (["a"], ["bbb", "ccc"], ["ccc"])
        waited = (bench.client.complete([Prompt(text=text) for text in texts]) for texts in asked)
        return list(await asyncio.gather(*waited, return_exceptions=True))

    first, second, third = asyncio.run(all_three())
    assert not isinstance(first, BaseException)
    assert isinstance(second, BudgetExhaustedError)
    assert third is second
    assert scorer.sent == [("a",)]
