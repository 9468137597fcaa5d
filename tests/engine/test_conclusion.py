"""Winner and baselines on the test split: what is said of several of them is seldom wrong about any."""

import random
from collections.abc import Sequence

import msgspec
import pytest

from izcore.engine.baselines import NamedInstruction
from izcore.engine.conclusion import compare_with_all
from izcore.engine.verdict import describe_comparison
from izcore.plugin.results import Baseline

BASELINES = 10
EXAMPLES = 40


def compared(draw: random.Random, *, winner: float, others: Sequence[float]) -> tuple[Baseline, ...]:
    """Compare a winner that is right with one probability with baselines that are with these."""

    def answers(probability: float) -> tuple[float, ...]:
        return tuple(float(draw.random() < probability) for _ in range(EXAMPLES))

    baselines = [
        NamedInstruction(name=f"given {n}", instruction=f"do {n}") for n in range(1, len(others) + 1)
    ]
    scores = {each.name: answers(right) for each, right in zip(baselines, others, strict=True)}
    return compare_with_all(baselines, answers(winner), scores, seed=0)


def test_with_many_baselines_a_winner_that_is_no_better_is_seldom_called_so() -> None:
    draw = random.Random(1)
    runs = [compared(draw, winner=0.5, others=[0.5] * BASELINES) for _ in range(40)]
    claims = [describe_comparison(run, ()).startswith("Better than") for run in runs]
    unadjusted = [any(b.p_value < 0.05 and b.difference > 0 for b in run) for run in runs]
    assert sum(unadjusted) / len(runs) > 0.05, "the simulation shows nothing"
    assert sum(claims) / len(runs) <= 0.05


def test_a_better_winner_is_still_found_among_many_baselines() -> None:
    run = compared(random.Random(2), winner=0.95, others=[0.1, 0.2, 0.95, 0.9, 0.95])
    said = describe_comparison(run, ())
    assert said.startswith("Better than given 1")
    assert "given 2" in said.split("Not shown")[0]
    assert "Not shown to be better than given 3" in said


def test_p_values_are_adjusted_and_the_sentence_shows_them() -> None:
    run = compared(random.Random(3), winner=0.9, others=[0.1, 0.6])
    assert all(b.shown_p_value >= b.p_value for b in run)
    smallest = min(run, key=lambda b: b.p_value)
    assert smallest.adjusted_p_value == pytest.approx(2 * smallest.p_value)
    assert f"p = {smallest.adjusted_p_value:.2g}" in describe_comparison(run, ())


def test_a_single_baseline_needs_no_adjustment() -> None:
    (only,) = compared(random.Random(4), winner=0.8, others=[0.5])
    assert only.adjusted_p_value == only.p_value


def test_results_of_older_versions_show_the_p_value_that_they_have() -> None:
    (only,) = compared(random.Random(4), winner=0.8, others=[0.5])
    older = msgspec.structs.replace(only, p_value=0.25, adjusted_p_value=None)
    assert "p = 0.25" in describe_comparison([older], ())
