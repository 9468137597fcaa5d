"""Finds the hyperparameters: maximum a posteriori by L-BFGS-B, from one start, on a part of the trials."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import minimize
from torch import Tensor

from izcore_botorch.history import Array
from izcore_botorch.structured.covariance import Scales, Structure
from izcore_botorch.structured.likelihood import Conditioned, inform
from izcore_botorch.structured.observations import Observations

FIT_STEPS = 40

FIT_TRIALS = 200
"""Trials that hyperparameters are found on at most: a dozen numbers need no more."""

_EVENS = 1.0
"""Made-up successes and failures that join a trial's scores, spread as the scores of all are."""

_LEAST_VARIANCE = 0.01


@dataclass(frozen=True)
class _Prior:
    """A log-normal prior by its median and the deviation of the logarithm."""

    median: float
    deviation: float = 0.7


_PRIORS = {
    "body": _Prior(0.1),
    "reach": _Prior(0.7, 0.5),
    "origin": _Prior(0.1),
    "cells": _Prior(0.05),
    "interaction": _Prior(0.05),
    "candidate": _Prior(0.05),
    "example": _Prior(0.25),
    "affinity": _Prior(0.1),
}
_COORDINATE = _Prior(0.15, 1.0)
_SHARED_DEVIATION = 1.0
"""Of the logit of the share of sentences' variance that their texts explain, around a half."""


def error_variance(observations: Observations, expected: Tensor) -> Tensor:
    """Return the variance of one score around its trial's value, (n,).

    Of right-or-wrong scores that is p (1 - p), where p is the mean of the trial's scores joined by two of the
    ``expected`` (n,) value; of graded ones as much less as they vary less within trials.
    """
    seen = observations.seen.to(torch.float64)
    count = seen.sum(dim=1)
    total = observations.scores.sum(dim=1)
    binomial = _bernoulli((total + 2.0 * _EVENS * expected) / (count + 2.0 * _EVENS))
    within = (seen * (observations.scores - (total / count)[:, None]).square()).sum(dim=1)
    several = count > 1
    if not several.any():
        return binomial
    means = _bernoulli(total / count)
    graded = within[several].sum() / (count * means)[several].sum()
    return (binomial * graded.clamp(0.05, 1.0)).clamp_min(_LEAST_VARIANCE)


def _bernoulli(chance: Tensor) -> Tensor:
    inside = chance.clamp(0.0, 1.0)
    return (inside * (1.0 - inside)).clamp_min(_LEAST_VARIANCE)


def fit(observations: Observations, structure: Structure, noise: Tensor, centre: float) -> Scales:
    """Return the most probable hyperparameters given (some of) the trials; ``centre`` is their mean score."""
    coordinates = structure.choices.shape[1]
    medians = torch.tensor(
        [prior.median for prior in _PRIORS.values()] + [_COORDINATE.median] * coordinates, dtype=torch.float64
    )
    deviations = torch.tensor(
        [prior.deviation for prior in _PRIORS.values()]
        + [_COORDINATE.deviation] * coordinates
        + [_SHARED_DEVIATION],
        dtype=torch.float64,
    )

    def scales_at(steps: Tensor) -> Scales:
        moved = steps * deviations
        values = medians * moved[:-1].exp()
        named = dict(zip(_PRIORS, values, strict=False))
        return Scales(**named, coordinates=values[len(_PRIORS) :], shared=torch.sigmoid(moved[-1]))

    def loss(steps: Tensor) -> Tensor:
        scales = scales_at(steps)
        loadings = structure.loadings(observations.cell, scales)
        residuals = (observations.scores - centre) * observations.seen
        information = inform(residuals, observations.seen, noise, loadings)
        prior = structure.between(observations.body, observations.cell, scales)
        return 0.5 * steps.square().sum() - Conditioned.on(prior, information).log_evidence

    found = minimize(
        _with_gradient(loss),
        np.zeros(len(deviations)),
        jac=True,
        method="L-BFGS-B",
        bounds=[(-3.0, 3.0)] * len(deviations),
        options={"maxiter": FIT_STEPS},
    )
    with torch.no_grad():
        return scales_at(torch.from_numpy(found.x))


def _with_gradient(loss: Callable[[Tensor], Tensor]) -> Callable[[Array], tuple[float, Array]]:
    def evaluate(steps: Array) -> tuple[float, Array]:
        at = torch.tensor(steps, requires_grad=True)
        value = loss(at)
        (gradient,) = torch.autograd.grad(value, at)
        return float(value.detach()), gradient.numpy()

    return evaluate
