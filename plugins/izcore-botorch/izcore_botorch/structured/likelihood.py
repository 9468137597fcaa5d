"""What scores say about candidates, once the effects of examples are integrated out."""

from dataclasses import dataclass

import torch
from torch import Tensor

from izcore_botorch.linalg import cholesky


@dataclass(frozen=True)
class Information:
    """Scores as information about the n candidates that were tried.

    Up to a constant the scores' log density is ``projection' f - f' precision f / 2`` in the candidates'
    values f; ``precision`` is (n, n), ``projection`` (n,), and ``constant`` the log density at f = 0.
    """

    precision: Tensor
    projection: Tensor
    constant: Tensor


def inform(scores: Tensor, seen: Tensor, noise: Tensor, loadings: Tensor) -> Information:
    """Return what ``scores`` (n, m) say where ``seen``, if score (i, j) = f_i + loadings_i · e_j + error.

    Each example j has effects e_j ~ N(0, I), which are integrated out (Woodbury), and each error of trial i
    has the variance ``noise[i]``.
    """
    weights = (seen / noise[:, None]).T  # (m, n)
    weighted = weights[:, :, None] * loadings  # (m, n, r)
    inner = torch.eye(loadings.shape[1], dtype=torch.float64) + loadings.T @ weighted
    factor = torch.linalg.cholesky(inner)
    shed = torch.linalg.solve_triangular(factor, weighted.mT, upper=False)  # (m, r, n)
    known = weights * scores.T
    taken = torch.linalg.solve_triangular(factor, (known @ loadings)[:, :, None], upper=False)
    stacked = shed.reshape(-1, len(noise))
    precision = torch.diag(weights.sum(dim=0)) - stacked.T @ stacked
    projection = known.sum(dim=0) - stacked.T @ taken.reshape(-1)
    determinant = (seen * noise.log()[:, None]).sum() + 2.0 * factor.diagonal(dim1=1, dim2=2).log().sum()
    square = (known * scores.T).sum() - taken.square().sum()
    return Information(precision, projection, -0.5 * (square + determinant))


@dataclass(frozen=True)
class Conditioned:
    """A prior N(0, K) of the tried candidates' values together with information about them.

    ``factor`` is L of K = L L'; ``inner`` that of I + L' W L, where W is the precision.
    """

    information: Information
    factor: Tensor
    inner: Tensor

    @classmethod
    def on(cls, prior: Tensor, information: Information) -> "Conditioned":
        """Condition the prior covariance ``prior`` (n, n)."""
        identity = torch.eye(len(prior), dtype=torch.float64)
        factor = cholesky(prior + 1e-8 * identity)
        inner = cholesky(identity + factor.T @ information.precision @ factor)
        return cls(information, factor, inner)

    @property
    def log_evidence(self) -> Tensor:
        """Log density of the scores, candidates' values and examples' effects integrated out."""
        explained = self._whiten(self.information.projection[:, None])
        shrinkage = self.inner.diagonal().log().sum()
        evidence: Tensor = self.information.constant + 0.5 * explained.square().sum() - shrinkage
        return evidence

    def weights(self, projections: Tensor) -> Tensor:
        """Return (I + W K)^-1 ``projections`` (n, s): what the posterior means multiply K(x, X) with."""
        back = torch.linalg.solve_triangular(self.inner.T, self._whiten(projections), upper=True)
        weights: Tensor = projections - self.information.precision @ (self.factor @ back)
        return weights

    def _whiten(self, projections: Tensor) -> Tensor:
        white: Tensor = torch.linalg.solve_triangular(self.inner, self.factor.T @ projections, upper=False)
        return white
