"""A run fits itself into its limits before it starts, and what it pays for does not come to nothing."""

from typing import Any

import pytest

import izcore
from izcore.plugin import UsageError

TOY: dict[str, Any] = {"generator": "phrases", "scorer": "obedient", "surrogate": "sobol", "cache": False}
SEARCH = {"initial": 48, "batch": 4, "rounds": 1}


def planned(**options: Any) -> izcore.PlannedRun:
    return izcore.plan("mirror", **{**TOY, "settings": {"search": SEARCH}, **options})


def complete_trials(plan: izcore.PlannedRun, result: izcore.RunResult) -> int:
    wanted = len(plan.plan.splits.validation)
    trials = izcore.run(result.run_id).trials
    return sum(len(trial.scores) >= wanted and None not in trial.scores for trial in trials)


@pytest.mark.parametrize("limit", [{"max_calls": 150}, {"max_tokens": 4000}, {"max_cost": 0.005}])
def test_the_first_round_is_narrowed_to_what_comes_to_a_complete_trial(limit: dict[str, float]) -> None:
    plan = planned(**limit)
    assert plan.config.search.initial < SEARCH["initial"]
    assert any("instructions instead of 48" in note for note in plan.plan.notes)
    assert plan.estimate.trials >= 52
    result = izcore.execute(plan)
    assert result.status == "done"
    assert complete_trials(plan, result) > 0
    assert result.best is not None
    assert result.best.test is not None
    spent = {"max_calls": result.calls, "max_tokens": result.tokens.total, "max_cost": result.cost_usd}
    assert all(spent[name] <= value for name, value in limit.items())


def test_writing_is_counted_before_it_starts() -> None:
    """A model that writes asks for its own calls: they must leave enough to score what it writes."""
    writing = {"preset": "ape", "generator": "ape", "surrogate": None}
    halving = {"evaluation": {"policy": "halving"}, "search": {"initial": 40, "batch": 10, "rounds": 1}}
    settings = {**halving, "generator": {"writer": "scribe"}}
    plan = planned(**writing, settings=settings, max_calls=140)
    assert plan.config.search.initial < 40
    assert complete_trials(plan, izcore.execute(plan)) > 0


def test_a_wall_without_room_for_a_trial_is_refused_before_anything_is_paid() -> None:
    with pytest.raises(UsageError, match=r"budget.max_cost: .* no room for the final test") as refused:
        planned(max_cost=0.0002)
    assert "--max-cost" in refused.value.hint
