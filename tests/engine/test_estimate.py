"""What a run is said to cost before it starts is true: what is likely, the most, and what limits do."""

from pathlib import Path
from typing import Any

import pytest
from support import write_lines

import izcore

PRICE = {"obedient": {"input": 1.0, "output": 2.0}, "scribe": {"input": 1.0, "output": 2.0}}
TOY: dict[str, Any] = {
    "generator": "phrases",
    "scorer": "obedient",
    "surrogate": "sobol",
    "preset": "uniform-halving",
}


def planned(settings: dict[str, Any] | None = None, **options: Any) -> izcore.PlannedRun:
    more = {"prices": PRICE, "search": {"initial": 8, "batch": 4, "rounds": 1}, **(settings or {})}
    return izcore.plan("mirror", **{**TOY, "settings": more, **options})


@pytest.fixture
def pool(tmp_path: Path) -> str:
    lines = ["Copy the input.", "Write it backwards.", f"Copy the input, and {'really ' * 30}nothing else."]
    return f"pool:{write_lines(tmp_path / 'pool.txt', lines)}"


def test_a_run_takes_no_more_than_the_most_and_about_what_is_expected(pool: str) -> None:
    plan = planned(generator=pool)
    result = izcore.execute(plan)
    estimate = plan.estimate
    assert result.calls <= estimate.expected.calls <= estimate.calls
    assert result.tokens.total <= estimate.tokens
    assert result.cost_usd is not None
    assert estimate.cost_usd is not None
    assert result.cost_usd <= estimate.cost_usd
    assert estimate.with_retries.calls == 2 * 6 * estimate.calls


def test_the_lines_of_the_estimate_add_up(pool: str) -> None:
    estimate = planned(generator=pool, baselines=("Copy.",)).estimate
    assert {part.phase for part in estimate.parts} == {"search", "finalists", "test"}
    assert sum(part.calls for part in estimate.parts) == estimate.expected.calls
    dollars = sum(
        part.calls * (part.input_tokens * part.price.input + part.output_tokens * part.price.output) / 1e6
        for part in estimate.parts
        if part.price
    )
    assert dollars == pytest.approx(estimate.expected.cost_usd)


def test_only_the_tests_that_will_be_made_are_counted(pool: str) -> None:
    """A person's pool has no unsteered instruction, and an instruction given twice is asked once."""

    def tested(**options: Any) -> float:
        plan = planned(**options)
        calls = {part.phase: part.calls for part in plan.estimate.parts}
        return calls["test"] / len(plan.plan.splits.test)

    assert tested() == 3
    assert tested(generator=pool) == 2
    assert tested(generator=pool, baselines=("Copy.", "Copy.", "")) == 3


def test_models_that_grade_and_write_are_counted_with_all_that_they_may_be_asked(pool: str) -> None:
    judge = {"name": "judge", "judge": "scribe", "rubric": "The answer is right."}
    estimate = planned({"metric": judge}, generator={"name": "pool", "file": pool[5:]}).estimate
    graded = [part for part in estimate.parts if part.role == "metric.judge"]
    assert {part.phase for part in graded} == {"search", "finalists", "test", "agreement"}
    scored = sum(part.calls for part in estimate.parts if part.role == "scorer")
    again = next(part.calls for part in graded if part.phase == "agreement")
    assert estimate.calls == scored + 3 * (scored + again)

    estimate = planned(preset="ape", generator=None, surrogate=None).estimate
    written = sum(part.calls for part in estimate.parts if part.phase == "write")
    assert written == estimate.trials
    assert estimate.calls == estimate.expected.calls + 2 * written


def test_a_limit_of_the_most_lets_the_run_end_as_without_one(pool: str) -> None:
    free = izcore.execute(planned(generator=pool, cache=False))
    most = planned(generator=pool, max_cost=1000.0, max_tokens=10**9, max_calls=10**6).estimate
    assert [check.verdict for check in most.limits] == ["suffices"] * 3
    cost = next(check.most for check in most.limits if check.limit == "max_cost")
    plan = planned(generator=pool, max_cost=cost, cache=False)
    assert [check.verdict for check in plan.estimate.limits] == ["suffices"]
    limited = izcore.execute(plan)
    assert (limited.trials, limited.best, limited.calls) == (free.trials, free.best, free.calls)


def test_a_limit_that_is_too_small_is_said_to_be(pool: str) -> None:
    free = planned(generator=pool).estimate
    few = planned(generator=pool, max_calls=free.calls - 10).estimate
    assert [check.verdict for check in few.limits] == ["too small"]
    assert few.calls <= free.calls - 10
    some = planned(generator=pool, max_tokens=(free.expected.tokens.total + free.tokens) // 2).estimate
    assert [check.verdict for check in some.limits] == ["likely to suffice"]


@pytest.mark.parametrize("policy", ["halving", "stepwise"])
def test_under_a_limit_a_run_is_likely_to_take_no_more_than_that(policy: str) -> None:
    settings = {"evaluation": {"policy": policy}, "search": {"initial": 16, "batch": 16, "rounds": 5}}
    free = planned(settings).estimate
    assert free.likely == free.expected
    assert free.expected.calls < free.calls or policy == "halving"
    few = planned(settings, max_calls=free.expected.calls // 2).estimate
    assert few.likely.calls == few.calls == free.expected.calls // 2
    assert few.likely.tokens.total < few.expected.tokens.total
