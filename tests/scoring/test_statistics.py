"""Intervals and tests agree with their textbooks and never leave their ranges."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from izcore.plugin.results import TestScore
from izcore.scoring.statistics import (
    adjust_for_number,
    mean_over_runs,
    mean_with_interval,
    p_value_over_runs,
    paired_p_value,
)

scores = st.lists(st.floats(0, 1), min_size=1, max_size=40)
answers = st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=60)


@settings(max_examples=40, deadline=None)
@given(values=st.one_of(scores, answers))
def test_the_interval_holds_the_mean_and_stays_in_range(values: list[float]) -> None:
    result = mean_with_interval(values, seed=0)
    assert result.n == len(values)
    assert 0 <= result.low <= result.score + 1e-9
    assert result.score - 1e-9 <= result.high <= 1
    assert result == mean_with_interval(values, seed=0)


def test_wilson_agrees_with_published_values() -> None:
    # Newcombe 1998, table I: 81 of 263 and 15 of 148, score method.
    for hits, n, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605)):
        result = mean_with_interval([1.0] * hits + [0.0] * (n - hits), seed=0)
        assert (result.low, result.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_a_perfect_score_is_not_certain() -> None:
    assert mean_with_interval([1.0] * 20, seed=0).low < 0.9
    assert mean_with_interval([0.5] * 20, seed=0).low < 0.5


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
def test_the_interval_covers_the_truth_as_often_as_it_says(rate: float) -> None:
    draw = random.Random(11)
    covered = 0
    for _ in range(400):
        result = mean_with_interval([float(draw.random() < rate) for _ in range(60)], seed=0)
        covered += result.low <= rate <= result.high
    assert 0.92 <= covered / 400 <= 0.99


def test_the_paired_test_is_mcnemars_where_scores_are_right_or_wrong() -> None:
    # 8 examples change from wrong to right, 1 the other way: 2 * P(X <= 1), X ~ B(9, 1/2).
    first, second = [1.0] * 8 + [0.0] + [1.0] * 11, [0.0] * 8 + [1.0] + [1.0] * 11
    assert paired_p_value(first, second, seed=0) == pytest.approx(2 * (1 + 9) / 2**9)
    assert paired_p_value(first, first, seed=0) == 1.0


@settings(max_examples=30, deadline=None)
@given(pairs=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=25))
def test_the_p_value_is_symmetric_and_in_range(pairs: list[tuple[float, float]]) -> None:
    first, second = [a for a, _ in pairs], [b for _, b in pairs]
    p = paired_p_value(first, second, seed=0)
    assert 0 <= p <= 1
    assert p == pytest.approx(paired_p_value(second, first, seed=0), abs=0.05)


def test_under_no_difference_small_p_values_are_rare() -> None:
    draw = random.Random(5)
    small = 0
    for _ in range(200):
        pairs = [(draw.random(), draw.random()) for _ in range(20)]
        small += paired_p_value([a for a, _ in pairs], [b for _, b in pairs], seed=0) < 0.05
    assert small / 200 < 0.1


@pytest.mark.parametrize("arguments", [([], []), ([1.0], [1.0, 0.0])])
def test_unpaired_scores_are_refused(arguments: tuple[list[float], list[float]]) -> None:
    with pytest.raises(ValueError, match="paired"):
        paired_p_value(*arguments, seed=0)


def runs_of(means: Sequence[float], n: int = 50) -> list[TestScore]:
    return [TestScore(score=mean, low=max(0.0, mean - 0.1), high=min(1.0, mean + 0.1), n=n) for mean in means]


def test_the_interval_over_runs_is_students() -> None:
    # scipy's own interval for the mean of a normal sample.
    means = [0.5, 0.6, 0.55, 0.7]
    expected = stats.ttest_1samp(means, 0.0).confidence_interval(0.95)
    result = mean_over_runs(runs_of(means))
    assert (result.score, result.n) == (pytest.approx(0.5875), 4)
    assert (result.low, result.high) == (pytest.approx(expected.low), pytest.approx(expected.high))


@settings(deadline=None)
@given(means=st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_the_interval_over_runs_holds_the_mean_and_stays_in_range(means: list[float]) -> None:
    result = mean_over_runs(runs_of(means))
    assert 0 <= result.low <= result.score + 1e-9
    assert result.score - 1e-9 <= result.high <= 1
    assert result.high > result.low, "nothing is certain"


def test_one_run_keeps_its_interval_and_equal_runs_are_not_certain() -> None:
    assert (mean_over_runs(runs_of([0.4])).low, mean_over_runs(runs_of([0.4])).high) == (
        pytest.approx(0.3),
        pytest.approx(0.5),
    )
    equal = mean_over_runs(runs_of([1.0] * 3, n=20))
    assert equal.low == pytest.approx(mean_with_interval([1.0] * 60, seed=0).low)


def test_methods_of_equal_worth_are_rarely_called_different() -> None:
    draw = random.Random(5)

    def quality() -> float:  # a run's luck, and then that of its test examples
        luck = draw.gauss(0.6, 0.1)
        return sum(draw.random() < luck for _ in range(60)) / 60

    called = sum(p_value_over_runs([quality() - quality() for _ in range(5)]) < 0.05 for _ in range(1000))
    assert 0.03 <= called / 1000 <= 0.07
    found = sum(p_value_over_runs([quality() + 0.3 - quality() for _ in range(5)]) < 0.05 for _ in range(200))
    assert found / 200 > 0.8


@settings(deadline=None)
@given(differences=st.lists(st.floats(-1, 1), min_size=2, max_size=8))
def test_the_p_value_over_runs_is_symmetric_and_in_range(differences: list[float]) -> None:
    p = p_value_over_runs(differences)
    assert 0 <= p <= 1
    assert p == pytest.approx(p_value_over_runs([-d for d in differences]))


def test_equal_differences_are_judged_by_their_signs() -> None:
    assert p_value_over_runs([0.0] * 5) == 1.0
    assert p_value_over_runs([0.2] * 5) == pytest.approx(2 / 2**5)
    with pytest.raises(ValueError, match="two seeds"):
        p_value_over_runs([0.2])


def test_holms_adjustment_agrees_with_his_rule() -> None:
    assert adjust_for_number([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert adjust_for_number([]) == []


@settings(deadline=None)
@given(p_values=st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_adjusting_keeps_the_order_and_never_lowers(p_values: list[float]) -> None:
    adjusted = adjust_for_number(p_values)
    assert all(p <= q <= 1 for p, q in zip(p_values, adjusted, strict=True))
    ranked = sorted(range(len(p_values)), key=lambda i: p_values[i])
    assert [adjusted[i] for i in ranked] == sorted(adjusted)
    assert min(adjusted) == pytest.approx(min(1.0, min(p_values) * len(p_values)))
