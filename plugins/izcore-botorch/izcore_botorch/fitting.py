"""Fits each surrogate's Gaussian process and puts it into the form of :class:`LatentModel`.

Hyperparameters are maximum a posteriori, found once per suggestion by L-BFGS-B from fixed starting values
in at most ``FIT_STEPS`` steps. Values are standardised; latents are in [0, 1]^d; all is float64.
"""

import math
from dataclasses import dataclass
from itertools import product
from typing import Any

import torch
from botorch.models import SingleTaskGP
from botorch.models.utils.gpytorch_modules import get_gaussian_likelihood_with_gamma_prior
from botorch.optim.fit import fit_gpytorch_mll_scipy
from gpytorch.constraints import GreaterThan
from gpytorch.kernels import Kernel, MaternKernel, ScaleKernel
from gpytorch.mlls import ExactMarginalLogLikelihood
from gpytorch.priors import GammaPrior, LogNormalPrior
from torch import Tensor

from izcore_botorch.history import Array, Observations
from izcore_botorch.kernels import InstructionCoupledKernel
from izcore_botorch.linalg import cholesky
from izcore_botorch.model import LatentModel

FIT_STEPS = 50

REACHES = (0.15, 0.25, 0.5, 1.0, 2.0)
"""Lengthscales on latents that the completed kernel chooses from, in median distances between trials."""
NUGGETS = (0.1, 0.3, 1.0, 3.0)
"""Variances that neighbours do not share, in multiples of what they do; the latent explains the rest."""

_SMALLEST_NOISE = 1e-6
_SMALLEST_DISTANCE = 1e-3
_SMALLEST_LENGTHSCALE = 0.025


@dataclass(frozen=True)
class Belief:
    """What is believed after the trials: a model of values over latents, and the value to improve on."""

    model: LatentModel
    best_f: float


@dataclass(frozen=True)
class Process:
    """A fitted Gaussian process.

    ``train_Y`` (n,) are the values that it was fitted to, ``train_Yvar`` (n,) the variances of their errors,
    ``constant`` is the mean before any data, and ``scale`` the output scale.
    """

    train_Y: Tensor
    train_Yvar: Tensor
    constant: float
    scale: float

    def condition(self, prior: Tensor, cross: Tensor) -> tuple[Tensor, Tensor]:
        """Return what ``train_Y`` say about other quantities: their mean (k,), less the constant, and gain.

        ``prior`` (n, n) is the covariance of the values, ``cross`` (k, n) that of the others with them;
        both hold the scale. ``gain`` (k, n) turns values into means; ``cross - gain prior gainᵀ`` is
        what is left to know.
        """
        factor = cholesky(prior + torch.diag(self.train_Yvar))
        gain = torch.cholesky_solve(cross.T, factor).T
        return gain @ (self.train_Y - self.constant), gain


def fit_published(observations: Observations, *, observed_noise: bool) -> Belief:
    """Fit the published model: Eq. 9 under a ScaleKernel, Gamma(3, 6) priors on both lengthscales.

    The published box is [-1, 1]^d and ours [0, 1]^d: a lengthscale on latents is half of theirs here, and
    its prior Gamma(3, 12). As published, improvement counts from the best mean score.
    """
    latents, scores = _tensor(observations.latents), _tensor(observations.scores)
    kernel = InstructionCoupledKernel(
        _published_matern(latents.shape[1], rate=12.0, start=math.log(2) / 2),
        _published_matern(scores.shape[1], rate=6.0, start=math.log(2)),
        latents,
        scores,
    )
    train_Yvar = observations.train_Yvar if observed_noise else None
    process = _fit(latents, _tensor(observations.train_Y), train_Yvar, kernel, published=True)
    return Belief(published_model(kernel, process), float(process.train_Y.max()))


def published_model(kernel: InstructionCoupledKernel, process: Process) -> LatentModel:
    """Return the posterior over latents under ``kernel``, given the values of ``process`` at its trials."""
    with torch.no_grad():
        factor = kernel.factor()
        on_trials = kernel.weights(kernel.latents, factor)
        s = process.scale * kernel.score_kernel.forward(kernel.scores, kernel.scores)
        # K on the trials is (L⁻¹ l)ᵀ S (L⁻¹ l); what the posterior weights at other latents is S (L⁻¹ l).
        cross = s @ on_trials
        mu, gain = process.condition(on_trials.T @ cross, cross)
        covariance = s - gain @ cross.T
    return LatentModel(
        latent_kernel=kernel.latent_kernel,
        latents=kernel.latents,
        factor=factor,
        mu=mu,
        covariance=covariance,
        constant=process.constant,
        remainder=0.0,
        noise=float(process.train_Yvar.mean()),
    )


def fit_completed(observations: Observations, *, observed_noise: bool) -> Belief:
    """Fit the completed kernel K+ in two stages, which together are exact inference under it.

    First the values of the distinct instructions from their scores, under s: this takes the noise out, and
    instructions that behave alike learn from each other. Then everywhere else from the latents, under l.
    P are the latents that were measured, one per instruction: later latents that wrote the same say where
    an instruction repeats (:mod:`izcore_botorch.repeats`), not how good another one would be.

    On P the kernel is S whatever l is, so that the marginal likelihood cannot tell l's lengthscale. It is
    found by leave-one-out cross-validation: the lengthscale (and the nugget, which is what neighbours do not
    share) under which each measured value is best predicted from the latents of all others.
    """
    distinct = observations.distinct
    latents, scores = _tensor(observations.latents[distinct]), _tensor(observations.scores[distinct])
    score_kernel = dimension_scaled_matern(scores.shape[1])
    train_Yvar = observations.train_Yvar[distinct] if observed_noise else None
    process = _fit(scores, _tensor(observations.train_Y[distinct]), train_Yvar, score_kernel)
    median = float(torch.pdist(_tensor(observations.latents)).median())
    latent_kernel, nugget = fit_by_leave_one_out(latents, process, unit=max(median, _SMALLEST_DISTANCE))
    s = process.scale * score_kernel.forward(scores, scores)
    posterior = completed_model(latent_kernel, nugget, latents, s, process)
    return Belief(posterior, process.constant + float(posterior.mu.max()))


def completed_model(
    latent_kernel: Kernel, nugget: float, latents: Tensor, s: Tensor, process: Process
) -> LatentModel:
    """Return the posterior over latents under K+, given the values of ``process`` at ``latents`` (n, d).

    ``s`` is S, (n, n), output scale included. l and its ``nugget`` share that scale, so that far from the
    trials a new value has the variance that S gives to any one value.
    """
    mu, gain = process.condition(s, s)
    near = latent_kernel.forward(latents, latents)
    return LatentModel(
        latent_kernel=latent_kernel,
        latents=latents,
        factor=cholesky(near + nugget * torch.eye(len(near), dtype=near.dtype)),
        mu=mu,
        covariance=s - gain @ s,
        constant=process.constant,
        remainder=process.scale / (1 + nugget),
        fresh=process.scale * nugget / (1 + nugget),
        noise=float(process.train_Yvar.mean()),
    )


def fit_latents(observations: Observations, kernel: Kernel, *, observed_noise: bool) -> Belief:
    """Fit a plain Gaussian process on latents under ``kernel``.

    Improvement counts from the best posterior mean at a trial.
    """
    return fit_plain(_tensor(observations.latents), observations, kernel, observed_noise=observed_noise)


def fit_plain(points: Tensor, observations: Observations, kernel: Kernel, *, observed_noise: bool) -> Belief:
    """Fit the same to any representation of the trials: ``points`` (n, k), as if they lay in a unit cube."""
    train_Yvar = observations.train_Yvar if observed_noise else None
    posterior = plain_model(kernel, points, _fit(points, _tensor(observations.train_Y), train_Yvar, kernel))
    with torch.no_grad():
        return Belief(posterior, float(posterior.mean(points).max()))


def plain_model(kernel: Kernel, points: Tensor, process: Process) -> LatentModel:
    """Return the posterior under ``kernel`` times the scale, given what ``process`` was fitted to."""
    with torch.no_grad():
        near = kernel.forward(points, points)
        factor = cholesky(near + torch.diag(process.train_Yvar / process.scale))
    return LatentModel(
        latent_kernel=kernel,
        latents=points,
        factor=factor,
        mu=process.train_Y - process.constant,
        covariance=None,
        constant=process.constant,
        remainder=process.scale,
        noise=float(process.train_Yvar.mean()),
    )


def _fit(
    train_X: Tensor, train_Y: Tensor, train_Yvar: Array | None, kernel: Kernel, *, published: bool = False
) -> Process:
    """Fit scale, mean, hyperparameters of ``kernel`` and, unless ``train_Yvar`` (n,) is given, the noise."""
    observed = None if train_Yvar is None else _tensor(train_Yvar).clamp_min(_SMALLEST_NOISE)
    model = SingleTaskGP(
        train_X,
        train_Y[:, None],
        train_Yvar=None if observed is None else observed[:, None],
        likelihood=get_gaussian_likelihood_with_gamma_prior() if published and observed is None else None,
        covar_module=ScaleKernel(kernel),
        outcome_transform=None,
    )
    mll = ExactMarginalLogLikelihood(model.likelihood, model)
    fit_gpytorch_mll_scipy(mll, options={"maxiter": FIT_STEPS})
    model.eval().requires_grad_(False)
    return Process(
        train_Y=train_Y,
        train_Yvar=observed if observed is not None else model.likelihood.noise.expand(len(train_Y)),
        constant=float(model.mean_module.constant),
        scale=float(model.covar_module.outputscale),
    )


def fit_by_leave_one_out(latents: Tensor, process: Process, *, unit: float) -> tuple[MaternKernel, float]:
    """Return the kernel on latents and the nugget with the best leave-one-out predictive density.

    Lengthscales are ``REACHES`` times ``unit``. Each value is predicted from all others, in closed form
    (Rasmussen and Williams, Gaussian Processes for Machine Learning, eq. 5.12).
    """
    centred = process.train_Y - process.train_Y.mean()
    signal = (centred.square().mean() - process.train_Yvar.mean()).clamp_min(process.train_Yvar.mean())
    best = (-math.inf, _fixed_matern(unit), NUGGETS[0])
    for reach, nugget in product(REACHES, NUGGETS):
        kernel = _fixed_matern(reach * unit)
        near = kernel.forward(latents, latents) + nugget * torch.eye(len(latents), dtype=latents.dtype)
        factor = cholesky(signal / (1 + nugget) * near + torch.diag(process.train_Yvar))
        precision = torch.cholesky_inverse(factor)
        variance = 1 / precision.diagonal()
        error = variance * (precision @ centred)
        density = -0.5 * float((error.square() / variance + variance.log()).sum())
        if density > best[0]:
            best = (density, kernel, nugget)
    return best[1], best[2]


def _fixed_matern(lengthscale: float) -> MaternKernel:
    kernel = MaternKernel(nu=2.5).double()
    kernel.lengthscale = lengthscale
    return kernel.requires_grad_(False)


def _published_matern(dimensions: int, *, rate: float, start: float) -> MaternKernel:
    kernel = MaternKernel(nu=2.5, ard_num_dims=dimensions, lengthscale_prior=GammaPrior(3.0, rate)).double()
    kernel.lengthscale = start
    return kernel


def dimension_scaled_matern(dimensions: int) -> MaternKernel:
    """Return BoTorch's default (Hvarfner et al. 2024), with one lengthscale for all dimensions.

    A random projection favours no coordinate, hence one lengthscale.
    """
    return MaternKernel(nu=2.5, **dimension_scaled_lengthscale(dimensions)).double()


def dimension_scaled_lengthscale(dimensions: int) -> dict[str, Any]:
    """Return prior and bound of one lengthscale for a unit cube of that dimension: arguments of a kernel."""
    prior = LogNormalPrior(math.sqrt(2) + math.log(dimensions) / 2, math.sqrt(3))
    bound = GreaterThan(_SMALLEST_LENGTHSCALE, transform=None, initial_value=prior.mode)
    return {"lengthscale_prior": prior, "lengthscale_constraint": bound}


def _tensor(array: Array) -> Tensor:
    return torch.as_tensor(array, dtype=torch.float64)
