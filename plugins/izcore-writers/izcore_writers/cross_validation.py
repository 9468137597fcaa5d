"""How well a Gaussian process on some features foretells scores that it was not shown."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from izcore.plugin import Latent
from izcore_writers.standings import Standing

Array = NDArray[np.float64]

LENGTHSCALES = (0.2, 0.4, 0.8, 1.6)
"""Of the kernel, in units of the square root of the number of features."""

NOISES = (0.01, 0.1, 0.5, 1.0)
"""Variances of the noise, in units of the variance of the signal."""


def foretelling_error(found: Sequence[Standing], places: Mapping[str, Latent]) -> float:
    """Return the mean squared error of leave-one-out predictions of the scores, over their variance.

    1 is what the mean of all scores comes to. An instruction without a place is foretold by that mean. 0
    where all scores are equal.
    """
    scores = np.array([one.mean for one in found])
    if np.ptp(scores) == 0:
        return 0.0
    scores = (scores - scores.mean()) / scores.std()
    known = np.array([one.instruction in places for one in found])
    errors = scores.copy()
    if known.sum() > 1:
        points = np.array([places[one.instruction] for one in found if one.instruction in places])
        errors[known] = _left_out(points, scores[known])
    return float(np.mean(errors**2))


def _left_out(points: Array, scores: Array) -> Array:
    """Return score less prediction for each point left out (Rasmussen and Williams 2006, equation 5.12).

    The kernel is Matern-5/2; lengthscale and noise are those of a grid under which the scores are likeliest,
    with the scale of the signal at its best for each.
    """
    distances = np.linalg.norm(points[:, None] - points[None], axis=-1) / np.sqrt(points.shape[1])
    best, errors = -np.inf, scores
    for lengthscale in LENGTHSCALES:
        scaled = np.sqrt(5.0) * distances / lengthscale
        kernel = (1 + scaled + scaled**2 / 3) * np.exp(-scaled)
        for noise in NOISES:
            covariance = kernel + noise * np.eye(len(scores))
            inverse = np.linalg.inv(covariance)
            weights = inverse @ scores
            likelihood = -len(scores) * np.log(scores @ weights) - np.linalg.slogdet(covariance)[1]
            if likelihood > best:
                best, errors = likelihood, weights / np.diag(inverse)
    return np.asarray(errors)
