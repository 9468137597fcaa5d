"""Intervals and tests agree with their textbooks and never leave their ranges."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from izcore.stats import mean_with_interval, paired_p_value

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
