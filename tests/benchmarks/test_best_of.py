"""Random search's curve, as the benchmark of the generator computes it."""

import itertools

import numpy as np
import pytest
from best_of import best_of, deviation_of_difference, expected_of_best


@pytest.mark.parametrize("k", [1, 2, 4, 6, 9])
def test_the_best_of_k_is_the_mean_over_all_draws(k: int) -> None:
    rng = np.random.default_rng(1)
    choosing, scoring = rng.integers(0, 2, (6, 4)).astype(float), rng.random((6, 5))
    means, quality = choosing.mean(1), scoring.mean(1)
    # Among equals chance decides: the mean of those equally good on the choosing half, over all draws.
    by_hand = []
    for drawn in itertools.combinations(range(6), min(k, 6)):
        best = means[list(drawn)].max()
        by_hand.append(np.mean([quality[i] for i in drawn if means[i] == best]))
    assert expected_of_best(choosing, scoring, k) == pytest.approx(np.mean(by_hand))


def test_choosing_by_noise_gains_nothing() -> None:
    scores = np.random.default_rng(2).integers(0, 2, (200, 40)).astype(float)
    assert best_of(scores, 1) == pytest.approx(scores.mean(), abs=0.01)
    assert best_of(scores, 16) == pytest.approx(scores.mean(), abs=0.05)
    assert (
        np.sort(scores.mean(1))[-10:].min() > scores.mean() + 0.1
    )  # what choosing and scoring at once shows


def test_the_deviation_of_a_mean_agrees_with_the_formula() -> None:
    rng = np.random.default_rng(3)
    first, second = rng.random((30, 1)) + np.zeros((30, 20)), rng.random((50, 1)) + np.zeros((50, 20))
    expected = np.sqrt(first[:, 0].var() / 30 + second[:, 0].var() / 50)
    assert deviation_of_difference([(first, second)], 1) == pytest.approx(expected, rel=0.2)
