"""Random search's curve: how good is the best of k instructions, on examples that did not choose it."""

from collections.abc import Sequence
from math import comb

import numpy as np
from numpy.typing import NDArray

HALVINGS = 40
RESAMPLES = 300
HALVINGS_OF_A_RESAMPLE = 4

Scores = NDArray[np.float64]  # [instructions, examples]


def best_of(scores: Scores, k: int) -> float:
    """Return the expected score of the best of ``k`` instructions of ``scores`` drawn without replacement.

    One half of the examples chooses, the other half scores; that is done for many halvings, and averaged.
    With fewer than ``k`` instructions all of them are drawn.
    """
    rng = np.random.default_rng(0)
    return float(np.mean([expected_of_best(*_halves(scores, rng), k) for _ in range(HALVINGS)]))


def deviation_of_difference(pairs: Sequence[tuple[Scores, Scores]], k: int) -> float:
    """Return the bootstrap's standard deviation of the difference in :func:`best_of`, mean over ``pairs``.

    The two of a pair were scored on the same examples, so these are resampled together; instructions are
    resampled on their own. Examples are halved before they are resampled, or some would do both, choose and
    score.
    """
    rng = np.random.default_rng(0)
    resampled = [float(np.mean([_one_resample(*pair, k, rng) for pair in pairs])) for _ in range(RESAMPLES)]
    return float(np.std(resampled))


def _one_resample(first: Scores, second: Scores, k: int, rng: np.random.Generator) -> float:
    rows = [rng.integers(len(scores), size=len(scores)) for scores in (first, second)]
    differences = []
    for _ in range(HALVINGS_OF_A_RESAMPLE):
        left, right = (rng.choice(half, len(half)) for half in _halves(np.arange(first.shape[1])[None], rng))
        qualities = [
            expected_of_best(scores[drawn][:, left[0]], scores[drawn][:, right[0]], k)
            for scores, drawn in zip((first, second), rows, strict=True)
        ]
        differences.append(qualities[0] - qualities[1])
    return float(np.mean(differences))


def _halves(scores: NDArray, rng: np.random.Generator) -> tuple[NDArray, NDArray]:
    order = rng.permutation(scores.shape[1])
    middle = len(order) // 2
    return scores[:, order[:middle]], scores[:, order[middle:]]


def expected_of_best(choosing: Scores, scoring: Scores, k: int) -> float:
    """Return the mean of ``scoring`` of the best of ``k`` by ``choosing``, over all draws of ``k``.

    Sorted from the worst up, the instruction at place i is the best of a draw in C(i, k - 1) of the C(n, k)
    draws. Equal ones share their places.
    """
    n = len(choosing)
    k = min(k, n)
    weights = np.array([comb(place, k - 1) for place in range(n)]) / comb(n, k)
    _, level, equal = np.unique(choosing.mean(1), return_inverse=True, return_counts=True)
    of_level = np.bincount(level, scoring.mean(1)) / equal
    return float(weights @ np.repeat(of_level, equal))
