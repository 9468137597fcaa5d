"""The part that both surrogates share: where to look, and how to choose a whole batch."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from izcore.plugin import BackendError, Latent, SuggestRequest, SuggestResult, derive_seed, sobol_latents
from izcore_sklearn.improvement import log_expected_improvement
from izcore_sklearn.novelty import Novelty
from izcore_sklearn.observations import Array, Observations, latents_of, observe

SEPARATION = 1e-6
"""Two latents are the same if no coordinate differs by more than this."""

_LEADERS = 5
_NEIGHBOURS = 64
_REACHES = (0.02, 0.08, 0.25)
_MOVED_COORDINATES = 3
_SMALLEST_VARIANCE = 1e-10
_FILL_ATTEMPTS = 20


@dataclass(frozen=True)
class Prediction:
    """A joint normal distribution of the mean score at the proposals.

    ``covariance`` returns, for the index of one proposal, its covariance with every proposal.
    """

    mean: Array
    variance: Array
    covariance: Callable[[int], Array]


class Model(Protocol):
    """A regression that was fitted to observations."""

    def mean_at(self, latents: Array) -> Array:
        """Return the expected score (standardised) at each of ``latents``."""
        ...

    def predict(self, proposals: Array) -> Prediction:
        """Return what is known of all ``proposals`` together."""
        ...


Fit = Callable[[Observations, int], Model]
"""Fits a model to observations, with a seed."""


def search(request: SuggestRequest, fit: Fit, *, proposals: int, max_trials: int) -> SuggestResult:
    """Return Sobol points until the initial design is done and two trials have scores; then search."""
    batch = Batch(request)
    observations = observe(request.history, request.latent_dim).capped(max_trials)
    if len(observations) >= 2 and len(request.history) >= request.initial:
        # One thread: small matrices gain nothing from more, and the last bits do not depend on them.
        with threadpool_limits(1, user_api="blas"):
            model = fit(observations, derive_seed(request.seed, "fit"))
            at_trials = model.mean_at(observations.latents)
            leaders = observations.latents[np.argsort(-at_trials, kind="stable")[:_LEADERS]]
            choices = propose(leaders, proposals, request.seed)
            choose(batch, choices, model.predict(choices), float(at_trials.max()))
    return batch.finish()


def propose(leaders: Array, size: int, seed: int) -> Array:
    """Return latents to choose from: ``size`` Sobol points, then perturbations of the ``leaders``.

    Every other perturbation moves a few coordinates only, since in many dimensions a step in all of them
    at once leaves the neighbourhood.
    """
    latent_dim = leaders.shape[1]
    rng = np.random.default_rng(derive_seed(seed, "perturb"))
    groups = [np.array(sobol_latents(size, latent_dim, derive_seed(seed, "proposals")))]
    for leader in leaders:
        for reach in _REACHES:
            steps = rng.normal(scale=reach, size=(_NEIGHBOURS, latent_dim))
            rank = rng.random((_NEIGHBOURS, latent_dim)).argsort(axis=1)
            steps[::2] *= rank[::2] < _MOVED_COORDINATES
            groups.append(np.clip(leader + steps, 0.0, 1.0))
    return np.concatenate(groups)


def choose(batch: "Batch", proposals: Array, prediction: Prediction, best: float) -> None:
    """Fill ``batch`` with the proposals that promise most, each in the light of those before it.

    Promise is expected improvement times the probability that the instruction is a new one.
    """
    believer = Believer(prediction)
    novelty = Novelty(batch.request.history, proposals)
    free = batch.far_from_tried(proposals)
    while batch.missing and free.any():
        gain = log_expected_improvement(prediction.mean, np.sqrt(believer.variance), best)
        index = int(np.argmax(np.where(free, gain + novelty.log_probability(), -np.inf)))
        latent = proposals[index]
        batch.add(latent)
        believer.believe(index)
        novelty.add(latent)
        free &= np.abs(proposals - latent).max(axis=1) > SEPARATION


class Believer:
    """The variances of the proposals, given that some of them are taken to score just their mean.

    Kriging believer (Ginsbourger, Le Riche and Carraro, 2010). To observe what was expected changes no
    mean; the variances shrink as by any observation, by a rank-one update each.
    """

    def __init__(self, prediction: Prediction) -> None:
        self._prediction = prediction
        self._explained = np.empty((0, len(prediction.mean)))
        self.variance = np.maximum(prediction.variance, _SMALLEST_VARIANCE)

    def believe(self, index: int) -> None:
        """Take the mean of proposal ``index`` for its true value."""
        column = self._prediction.covariance(index) - self._explained[:, index] @ self._explained
        column = column / np.sqrt(max(float(column[index]), _SMALLEST_VARIANCE))
        self._explained = np.vstack([self._explained, column])
        self.variance = np.maximum(self.variance - column**2, _SMALLEST_VARIANCE)


class Batch:
    """The latents chosen so far, kept apart from each other and from those already tried."""

    def __init__(self, request: SuggestRequest) -> None:
        self.request = request
        self._taken = latents_of(request.history, request.latent_dim)
        self._chosen: list[Latent] = []

    @property
    def missing(self) -> int:
        """How many latents are still wanted."""
        return self.request.count - len(self._chosen)

    def far_from_tried(self, latents: Array) -> NDArray[np.bool_]:
        """Tell for each of ``latents`` whether it is neither tried nor chosen."""
        distance, _ = KDTree(self._taken).query(latents, p=np.inf)
        return np.asarray(distance > SEPARATION)

    def add(self, latent: Array) -> None:
        """Choose ``latent``."""
        self._taken = np.vstack([self._taken, latent])
        self._chosen.append(tuple(float(x) for x in latent))

    def fill(self, latents: Iterable[Latent]) -> None:
        """Choose the first free ones of ``latents`` until nothing is missing."""
        for latent in latents:
            if self.missing == 0:
                return
            if not (np.abs(self._taken - latent).max(axis=1) <= SEPARATION).any():
                self.add(np.array(latent))

    def finish(self) -> SuggestResult:
        """Return the batch, made whole with Sobol points where latents are missing."""
        request = self.request
        seeds = (request.seed, *(derive_seed(request.seed, "fill", n) for n in range(_FILL_ATTEMPTS)))
        for seed in seeds:
            if self.missing:
                self.fill(sobol_latents(self.missing, request.latent_dim, seed))
        if self.missing:
            raise BackendError(
                f"No untried point is left in a latent space of dimension {request.latent_dim} "
                f"after {len(request.history)} trials.",
                hint="Use a generator with more latent dimensions, or end the run.",
            )
        return SuggestResult(latents=tuple(self._chosen))
