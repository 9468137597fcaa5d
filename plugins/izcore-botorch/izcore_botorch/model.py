"""The model of values over latents, in a form that is cheap to evaluate.

All surrogates of this package end in the same expressions. With l the kernel on latents, P the trials'
latents, L = l(P, P) + nugget, and b(p) = L⁻¹ l(P, p):

    mean(p)    = constant + b(p)ᵀ mu
    cov(p, p') = remainder * (l(p, p') - l(p, P) b(p')) + b(p)ᵀ C b(p')

where mu and C are mean and covariance of the values at P. L is factored once; evaluating a points then
costs n² a.
"""

from typing import Any

import torch
from botorch.models.model import Model
from botorch.posteriors import GPyTorchPosterior
from gpytorch.distributions import MultivariateNormal
from gpytorch.kernels import Kernel
from torch import Tensor

from izcore_botorch.linalg import cholesky

SMALLEST_VARIANCE = 1e-10
"""Rounding can make a variance of zero slightly negative; GPyTorch has the same floor."""


class LatentModel(Model):  # type: ignore[misc]
    """A Gaussian process over latents, given the trials; BoTorch acquisition functions accept it.

    ``factor`` is the Cholesky factor of L, (n, n); ``mu`` is (n,), ``covariance``
    (n, n) or None for zero. ``fresh`` is
    the variance by which a new trial at p may differ from the process at p (another instruction at
    almost the same latent), ``noise`` that of the error with which its value is observed.
    :meth:`set_X_pending` names pending points, chosen but not yet scored: they take variance away as if they
    had scored their mean (kriging believer), which leaves the mean as it is.
    """

    def __init__(
        self,
        *,
        latent_kernel: Kernel,
        latents: Tensor,
        factor: Tensor,
        mu: Tensor,
        covariance: Tensor | None,
        constant: float,
        remainder: float,
        fresh: float = 0.0,
        noise: float = 0.0,
    ) -> None:
        super().__init__()
        self.latent_kernel = latent_kernel
        self.latents = latents
        self.factor = factor
        self.mu = mu
        self.covariance = covariance
        self.constant = constant
        self.remainder = remainder
        self.fresh = fresh
        self.noise = noise
        self._pending: tuple[Tensor, Tensor, Tensor] | None = None

    @property
    def num_outputs(self) -> int:
        """Return 1: the value of a latent."""
        return 1

    @property
    def batch_shape(self) -> torch.Size:
        """Return the empty shape: this is one model."""
        return torch.Size()

    def weights(self, x: Tensor) -> Tensor:
        """Return b(x), (n, a), for latents ``x`` (a, d)."""
        return torch.cholesky_solve(self._closeness(x), self.factor)

    def mean(self, x: Tensor) -> Tensor:
        """Return the mean at each of the latents ``x`` (a, d), shape (a,)."""
        return self.constant + self.weights(x).T @ self.mu

    def covariance_with(self, chosen: Tensor, x: Tensor) -> Tensor:
        """Return the covariance, (b, a), at ``chosen`` (b, d) with ``x`` (a, d), as if none were pending."""
        return self._covariance(chosen, self.weights(chosen), x, self._closeness(x), self.weights(x))

    def mean_and_variance(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and variance, each (a,), of the value of a new trial at each of ``x`` (a, d)."""
        closeness = self._closeness(x)
        weights = torch.cholesky_solve(closeness, self.factor)
        variance = self.remainder * (1.0 - (closeness * weights).sum(0))
        if self.covariance is not None:
            variance = variance + (weights * (self.covariance @ weights)).sum(0)
        if self._pending is not None:
            chosen, chosen_weights, factor = self._pending
            shared = self._covariance(chosen, chosen_weights, x, closeness, weights)
            variance = variance - torch.linalg.solve_triangular(factor, shared, upper=False).square().sum(0)
        variance = variance.clamp_min(SMALLEST_VARIANCE) + self.fresh
        return self.constant + weights.T @ self.mu, variance

    def joint(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean (a,) and covariance (a, a) of the values of new trials at ``x``, none pending."""
        return self.mean(x), self.covariance_with(x, x) + self.fresh * torch.eye(len(x), dtype=x.dtype)

    def set_X_pending(self, X_pending: Tensor) -> None:
        """Make ``X_pending`` (b, d) the pending points, in place of any before."""
        doubt = (self.fresh + self.noise) * torch.eye(len(X_pending), dtype=X_pending.dtype)
        factor = cholesky(self.covariance_with(X_pending, X_pending) + doubt)
        self._pending = (X_pending, self.weights(X_pending), factor)

    def _closeness(self, x: Tensor) -> Tensor:
        """Return l(P, x), (n, a)."""
        closeness: Tensor = self.latent_kernel.forward(self.latents, x)
        return closeness

    def _covariance(
        self, chosen: Tensor, chosen_weights: Tensor, x: Tensor, closeness: Tensor, weights: Tensor
    ) -> Tensor:
        between: Tensor = self.latent_kernel.forward(chosen, x)
        total = self.remainder * (between - chosen_weights.T @ closeness)
        return total if self.covariance is None else total + (self.covariance @ chosen_weights).T @ weights

    def posterior(self, X: Tensor, *_: Any, **__: Any) -> GPyTorchPosterior:
        """Return the posterior at ``X`` (..., 1, d), one latent at a time."""
        mean, variance = self.mean_and_variance(X.reshape(-1, X.shape[-1]))
        shape = X.shape[:-1]
        return GPyTorchPosterior(MultivariateNormal(mean.reshape(shape), variance.reshape(*shape, 1)))
