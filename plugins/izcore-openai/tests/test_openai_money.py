"""What a run by the API costs, and how little room below a wall it needs for that."""

from pathlib import Path
from typing import Any

import pytest
from support.servers.protocol_server import Answer, ProtocolServer

import izcore

PRICE = {"input": 0.15, "output": 0.6}


@pytest.fixture
def options(server: ProtocolServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A run on a server whose answers are short, though they may be long."""
    monkeypatch.setenv("IZ_DB", str(tmp_path / "runs.sqlite"))
    monkeypatch.setenv("IZ_CACHE", str(tmp_path / "cache"))
    server.behave = lambda call: Answer("PRINTER" if "capital" in call.prompt else "the printer, I think")
    data = tmp_path / "tickets.csv"
    rows = [f"ticket {n}: the machine on floor {n % 9} prints no more,PRINTER" for n in range(70)]
    data.write_text("\n".join(["input,target", *rows]), encoding="utf-8")
    pool = tmp_path / "pool.txt"
    kinds = ("in capital letters", "in a word", "in short")
    pool.write_text("\n".join(f"Say what is broken, {kind}." for kind in kinds), encoding="utf-8")
    scorer = {"name": "openai", "model": "test-model", "base_url": server.openai_url, "price": PRICE}
    return {
        "task": str(data),
        "generator": f"pool:{pool}",
        "metric": "exact_match",
        "cache": False,
        "settings": {"scorer": scorer},
    }


def test_a_run_needs_little_more_room_than_it_costs(options: dict[str, Any]) -> None:
    free = izcore.optimize(**options)
    assert free.cost_usd is not None
    estimate = izcore.plan(**options).estimate
    assert estimate.expected.cost_usd is not None
    assert estimate.cost_usd is not None
    assert free.cost_usd <= estimate.expected.cost_usd <= 4 * free.cost_usd
    wall = estimate.expected.cost_usd * 1.25 + 0.0005
    assert wall < estimate.cost_usd / 4
    plan = izcore.plan(**options, max_cost=wall)
    assert [check.verdict for check in plan.estimate.limits] == ["likely to suffice"]
    walled = izcore.execute(plan)
    assert walled.cost_usd == free.cost_usd
    assert (walled.best, walled.baselines, walled.trials) == (free.best, free.baselines, free.trials)


def test_long_answers_stop_at_the_wall_and_the_winner_is_tested(
    options: dict[str, Any], server: ProtocolServer
) -> None:
    """Answers are ten times as long as anybody could know: what is kept for the test grows with them."""
    server.behave = lambda call: Answer("PRINTER " * 60)
    wall = (izcore.plan(**options).estimate.expected.cost_usd or 0.0) * 1.3 + 0.0005
    result = izcore.optimize(**options, max_cost=wall)
    assert result.cost_usd is not None
    assert result.cost_usd <= wall
    assert result.best is not None
    assert result.best.test is not None
