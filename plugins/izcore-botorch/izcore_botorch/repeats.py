"""How likely a latent is to write an instruction that is known already.

The map from latents to instructions is many-to-one: most of the box may write a handful of sentences.
A latent that repeats one improves nothing, so what counts is the improvement times the probability of a
new instruction. That probability comes from a logistic regression on two things: how far the nearest
trial is, and how many trials wrote what that one wrote. It learns from the trials themselves, each asked
whether another trial wrote the same.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from izcore_botorch.history import Array, Observations

# Of the weights of (1, log nearness, log writers): what is assumed before there is data, and how firmly.
_PRIOR = np.array([0.0, 2.0, 0.5])
_FIRMNESS = np.array([0.1, 0.5, 0.5])
_NEWTON_STEPS = 25
_CLOSEST = 1e-9


class Repeats:
    """Probability that a latent writes a new instruction, learned from ``observations``."""

    def __init__(self, observations: Observations) -> None:
        self._latents = torch.from_numpy(observations.latents)
        writers = np.bincount(observations.instruction)[observations.instruction]
        self._writers = torch.from_numpy(writers.astype(np.float64))
        distances = torch.cdist(self._latents, self._latents).fill_diagonal_(torch.inf)
        nearest, index = distances.min(dim=1)
        self._unit = max(float(nearest.median()), _CLOSEST)
        neighbour = index.numpy()
        same = observations.instruction[neighbour] == observations.instruction
        features = self._features(nearest, torch.from_numpy((writers[neighbour] - same).astype(np.float64)))
        self._weights = torch.from_numpy(_logistic_regression(features.numpy(), writers > 1))

    def log_new(self, x: Tensor, X_pending: Tensor | None = None) -> Tensor:
        """Return the log probability, (a,), that each of ``x`` (a, d) writes a new instruction.

        What the latents ``X_pending`` (b, d) will write counts as known.
        """
        nearest, index = torch.cdist(x, self._latents).min(dim=1)
        score = self._features(nearest, self._writers[index]) @ self._weights
        if X_pending is not None:
            nearest = torch.cdist(x, X_pending).amin(dim=1)
            score = torch.maximum(score, self._features(nearest, torch.ones_like(nearest)) @ self._weights)
        return torch.nn.functional.logsigmoid(-score)

    def _features(self, distance: Tensor, writers: Tensor) -> Tensor:
        nearness = -(distance / self._unit).clamp_min(_CLOSEST).log()
        return torch.stack([torch.ones_like(distance), nearness, writers.log()], dim=-1)


def _logistic_regression(features: Array, labels: NDArray[np.bool_]) -> Array:
    """Return the maximum a posteriori weights under independent normal priors, by Newton's method."""
    weights = _PRIOR.copy()
    for _ in range(_NEWTON_STEPS):
        probability = 1 / (1 + np.exp(-np.clip(features @ weights, -30, 30)))
        gradient = features.T @ (probability - labels) + _FIRMNESS * (weights - _PRIOR)
        curvature = (features.T * (probability * (1 - probability))) @ features + np.diag(_FIRMNESS)
        step = np.linalg.solve(curvature, gradient)
        weights = weights - np.clip(step, -1, 1)
    return weights
