"""What two ask at the same moment is paid once, and what one of them leaves the other takes over."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from support.scripted_model import PRICE, Bench, Scripted, echo, lost

from izcore.config.schema import Limits, Retries
from izcore.plugin.calls import Completion, Prompt, Usage
from izcore.plugin.errors import BudgetExhaustedError, IzError, TransientScorerError
from izcore.scoring.claims import LEASE_SECONDS, ClaimLostError, Claims


def bench(
    folder: Path, run_id: str, scorer: Scripted, *, tries: int = 3, limits: Limits | None = None
) -> Bench:
    """A client with a connection to the database of its own, as each process has one."""
    retries, limits = Retries(tries=tries), limits or Limits()
    return Bench(folder, scorer, retries, run_id, limits=limits, price=PRICE, real_waits=True)


async def ask(asking: Bench, texts: Sequence[str]) -> list[str | None]:
    answers = await asking.client.complete([Prompt(text=text) for text in texts])
    return [None if each is None else each.text for each in answers.completions]


def test_what_two_ask_at_once_is_paid_once(tmp_path: Path) -> None:
    model = Scripted(echo, concurrency=2)
    first, second = bench(tmp_path, "first", model), bench(tmp_path, "second", model)

    async def both() -> list[list[str | None]]:
        return await asyncio.gather(ask(first, "abcd"), ask(second, "cdef"), ask(second, "abgh"))

    assert asyncio.run(both()) == [list("ABCD"), list("CDEF"), list("ABGH")]
    assert sorted(text for (text,) in model.sent) == list("abcdefgh")
    assert first.ledger.spent.calls + second.ledger.spent.calls == 8
    for each, run_id in ((first, "first"), (second, "second")):
        assert each.store.spent(run_id) == (each.ledger.spent, each.ledger.cached_calls)
        assert each.claims.of_others(list(map(each.key, "abcdefgh"))) == set()


def test_who_waits_asks_when_the_other_gives_up(tmp_path: Path) -> None:
    def fails(text: str, attempt: int) -> str:
        raise TransientScorerError("out of order")

    broken, model = Scripted(fails), Scripted(echo)
    first, second = bench(tmp_path, "first", broken, tries=1), bench(tmp_path, "second", model)

    async def both() -> list[list[str | None]]:
        return await asyncio.gather(ask(first, "ab"), ask(second, "ab"))

    assert asyncio.run(both()) == [[None, None], ["A", "B"]]
    assert (len(broken.sent), len(model.sent)) == (2, 2)


def test_who_waits_stops_at_once_when_the_run_stops(tmp_path: Path) -> None:
    waiting = bench(tmp_path, "r", Scripted(echo))
    other = Claims(waiting.store, "another", clock=lambda: 0.0)
    other.take([waiting.key("a")])

    async def stopped() -> None:
        asking = asyncio.ensure_future(ask(waiting, "a"))
        await asyncio.sleep(0.01)
        waiting.client.stop(IzError("enough"))
        await asyncio.wait_for(asking, timeout=5)

    with pytest.raises(IzError, match="enough"):
        asyncio.run(stopped())


def test_a_claim_that_is_not_extended_ends_with_its_lease(tmp_path: Path) -> None:
    asking = bench(tmp_path, "r", Scripted(echo))
    key = asking.key("a")
    Claims(asking.store, "dead", clock=lambda: 0.0).take([key])
    asking.time = LEASE_SECONDS
    assert asking.claims.of_others([key]) == {key}
    asking.time = LEASE_SECONDS + 1
    assert asking.ask("a") == ["A"]


def test_who_slept_through_the_lease_sends_nothing_that_another_has_asked(tmp_path: Path) -> None:
    model = Scripted(echo)
    sleeper, other = bench(tmp_path, "sleeper", model), bench(tmp_path, "other", Scripted(lost))
    a, b = map(sleeper.key, "ab")
    assert sleeper.claims.take([a, b]) == {a, b}
    sleeper.time = other.time = LEASE_SECONDS + 1
    assert other.claims.take([a]) == {a}
    with pytest.raises(ClaimLostError):
        sleeper.claims.ensure([a, b])
    sleeper.claims.ensure([b])
    other.claims.release([a])
    sleeper.claims.ensure([a])


def test_an_answer_that_is_there_by_now_stays_and_the_second_counts_as_lost(tmp_path: Path) -> None:
    def overtaken(text: str, attempt: int) -> str:
        others = {second.key(text): Completion(text="first", usage=Usage(input_tokens=1, output_tokens=1))}
        second.store.add_paid("first", others, [2.0], created=0.0)
        return "second"

    second = bench(tmp_path, "second", Scripted(overtaken))
    assert second.ask("a") == ["first"]
    assert second.store.spent("second") == (second.ledger.spent, 1)
    assert second.store.lost("second").calls == 1
    assert second.store.spent("first")[0].calls == 1


def test_who_waits_for_room_in_the_budget_lets_nobody_wait_for_it(tmp_path: Path) -> None:
    # Of each, one prompt waits for the other's answer, and one for the room that the first one takes.
    model, limits = Scripted(lost), Limits(max_calls=2)
    first, second = (bench(tmp_path, name, model, limits=limits) for name in ("first", "second"))

    async def all_four() -> list[object]:
        asked = (ask(first, "a"), ask(second, "b"), ask(first, "b"), ask(second, "a"))
        return list(await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), timeout=10))

    *without_room, b, a = asyncio.run(all_four())
    assert [type(each) for each in without_room] == [BudgetExhaustedError] * 2
    assert (a, b) == (["a"], ["b"])
    assert sorted(text for (text,) in model.sent) == ["a", "a", "b", "b"]


def test_who_waits_for_others_and_for_room_does_not_wait_for_itself(tmp_path: Path) -> None:
    asking = bench(tmp_path, "r", Scripted(lost), limits=Limits(max_calls=2))
    others = Claims(asking.store, "others", clock=lambda: 0.0)
    others.take([asking.key("b")])

    async def both() -> list[str | None]:
        waiting = asyncio.ensure_future(ask(asking, "ab"))
        await asyncio.sleep(1.0)
        others.release([asking.key("b")])
        return await asyncio.wait_for(waiting, timeout=10)

    with pytest.raises(BudgetExhaustedError):
        asyncio.run(both())
    assert asking.ledger.spent.calls == 2
