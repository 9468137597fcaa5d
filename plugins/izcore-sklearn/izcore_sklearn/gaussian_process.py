"""``sklearn-gp``: a Gaussian process on the latents that is told how noisy each mean is."""

import warnings
from collections.abc import Callable

import numpy as np
from scipy.linalg import solve_triangular
from scipy.optimize import minimize
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern

from izcore.plugin import BackendContext, SuggestRequest, SuggestResult, Surrogate
from izcore_sklearn.observations import Array, Observations
from izcore_sklearn.options import GaussianProcessOptions
from izcore_sklearn.search import Prediction, search

_SIGNAL_BOUNDS = (1e-2, 1e2)
_LENGTH_BOUNDS = (1e-2, 1e2)
_FIT_STEPS = 100

Objective = Callable[..., tuple[float, Array]]


class GaussianProcessSurrogate(Surrogate):
    """Gaussian process with a Matern-5/2 kernel, expected improvement, and kriging-believer batches."""

    def __init__(self, options: GaussianProcessOptions, context: BackendContext) -> None:
        self._options = options

    def suggest(self, request: SuggestRequest) -> SuggestResult:
        """Return ``request.count`` untried latents, those that promise most first."""
        return search(
            request, self._fit, proposals=self._options.proposals, max_trials=self._options.max_trials
        )

    def _fit(self, observations: Observations, seed: int) -> "GaussianProcess":
        return GaussianProcess(observations, self._options.restarts, seed)


class GaussianProcess:
    """A fitted process. Signal variance and length-scales are fitted by maximum a posteriori.

    The targets are standardised here and not by scikit-learn's ``normalize_y``, which would leave the
    noise on the scale of the scores.
    """

    def __init__(self, observations: Observations, restarts: int, seed: int) -> None:
        targets, noise = observations.standardised()
        centre, _ = hyperprior(observations.latents.shape[1])
        kernel = ConstantKernel(np.exp(centre[0]), _SIGNAL_BOUNDS) * Matern(
            np.exp(centre[1:]), _LENGTH_BOUNDS, nu=2.5
        )
        self._process = GaussianProcessRegressor(
            kernel,
            alpha=noise,
            optimizer=_maximise_posterior,
            n_restarts_optimizer=restarts,
            random_state=seed,
        )
        with warnings.catch_warnings():
            # A length-scale at its bound only says that a coordinate does not matter.
            warnings.simplefilter("ignore", ConvergenceWarning)
            self._process.fit(observations.latents, targets)

    def mean_at(self, latents: Array) -> Array:
        """Return the posterior mean at each of ``latents``."""
        return np.asarray(self._process.predict(latents))

    def predict(self, proposals: Array) -> Prediction:
        """Return the posterior at ``proposals``: K(p,p') - K(p,P) (K(P,P) + noise)^-1 K(P,p')."""
        kernel = self._process.kernel_
        cross = kernel(self._process.X_train_, proposals)
        explained = solve_triangular(self._process.L_, cross, lower=True)

        def covariance(index: int) -> Array:
            prior = kernel(proposals[index : index + 1], proposals)[0]
            return np.asarray(prior - explained[:, index] @ explained)

        return Prediction(
            mean=self._process.alpha_ @ cross,
            variance=kernel.diag(proposals) - (explained**2).sum(axis=0),
            covariance=covariance,
        )


def hyperprior(latent_dim: int) -> tuple[Array, Array]:
    """Return centre and standard deviation of the logs of the signal variance and the length-scales.

    The length-scales grow with the root of the dimension: Hvarfner, Hellsten and Nardi, "Vanilla Bayesian
    Optimization Performs Great in High Dimensions" (2024). Theirs is LogNormal(sqrt 2 + log(d)/2, sqrt 3)
    as a density of the length-scale; its peak, seen over the logarithm, lies lower by the variance, 3.
    """
    length_scale = np.sqrt(2) - 3 + 0.5 * np.log(latent_dim)
    centre = np.array([0.0] + [length_scale] * latent_dim)
    deviation = np.array([1.0] + [np.sqrt(3)] * latent_dim)
    return centre, deviation


def _maximise_posterior(objective: Objective, start: Array, bounds: Array) -> tuple[Array, float]:
    """Optimise as scikit-learn asks (negative log likelihood over logs), with the prior added."""
    centre, deviation = hyperprior(len(start) - 1)

    def penalised(theta: Array) -> tuple[float, Array]:
        value, gradient = objective(theta)
        distance = (theta - centre) / deviation
        return value + 0.5 * float(distance @ distance), gradient + distance / deviation

    found = minimize(
        penalised, start, jac=True, bounds=bounds, method="L-BFGS-B", options={"maxiter": _FIT_STEPS}
    )
    return found.x, float(found.fun)
