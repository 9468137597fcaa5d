"""While a run goes on, its own answers say what it will cost."""

from izcore.engine.run_view import RunView
from izcore.plugin.calls import Usage
from izcore.plugin.events import CallsAnswered


def answered(calls: int, cached: int, cost: float | None) -> CallsAnswered:
    return CallsAnswered(run_id="r", calls=calls, cached_calls=cached, usage=Usage(), cost_usd=cost)


def test_the_expected_cost_follows_from_the_answers_so_far() -> None:
    view = RunView(expected_calls=100)
    view.izcore_calls_answered(answered(5, 0, 1.0))
    assert view.expected_cost is None
    view.izcore_calls_answered(answered(10, 10, 0.02))
    assert view.expected_cost == 0.02 * (1 + 80 / 10)
    assert view.spent().endswith("$0.0200, $0.1800 expected in all")
    view.max_cost = 0.1
    assert view.expected_cost == 0.1
    view.izcore_calls_answered(answered(100, 0, 0.2))
    assert view.expected_cost is None
