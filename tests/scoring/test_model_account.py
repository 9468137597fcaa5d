"""A call that may be billed is booked, whatever becomes of it."""

from pathlib import Path

import pytest
from support.scripted_model import PRICE, Bench, Scripted, echo, lost

from izcore.config.schema import Limits, Retries
from izcore.plugin.calls import Price
from izcore.plugin.errors import BudgetExhaustedError


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
