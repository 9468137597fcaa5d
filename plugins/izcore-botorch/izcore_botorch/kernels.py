"""The instruction-coupled kernel of InstructZero (arXiv 2306.03082, Eq. 9) as a GPyTorch kernel."""

from typing import Any

import torch
from gpytorch.kernels import Kernel
from torch import Tensor

from izcore_botorch.linalg import cholesky

JITTER = 1e-4
"""Added to the diagonal of l(P, P) before it is inverted; the published value."""


class InstructionCoupledKernel(Kernel):  # type: ignore[misc]
    """K(p, p') = l(p, P) L⁻¹ S L⁻¹ l(P, p') with L = l(P, P) + 1e-4 I and S = s(V, V).

    ``latent_kernel`` is l and ``score_kernel`` is s; ``latents`` is P, (n, d), and ``scores`` is V,
    (n, m): the trials' latents and their scores on the m validation examples. On P the kernel is S,
    up to the jitter; far from P it is zero.
    """

    def __init__(self, latent_kernel: Kernel, score_kernel: Kernel, latents: Tensor, scores: Tensor) -> None:
        super().__init__()
        self.latent_kernel = latent_kernel
        self.score_kernel = score_kernel
        self.latents = latents
        self.scores = scores

    def forward(self, x1: Tensor, x2: Tensor, diag: bool = False, **_: Any) -> Tensor:
        """Return K(x1, x2), (a, b), for latents ``x1`` (a, d) and ``x2`` (b, d); its diagonal if asked."""
        factor = self.factor()
        s = self.score_kernel.forward(self.scores, self.scores)
        left = self.weights(x1, factor)
        right = left if torch.equal(x1, x2) else self.weights(x2, factor)
        covariance: Tensor = (left * (s @ right)).sum(0) if diag else left.T @ s @ right
        return covariance

    def factor(self) -> Tensor:
        """Return the Cholesky factor of L, (n, n)."""
        on_trials: Tensor = self.latent_kernel.forward(self.latents, self.latents)
        return cholesky(on_trials + JITTER * torch.eye(len(on_trials), dtype=on_trials.dtype))

    def weights(self, x: Tensor, factor: Tensor) -> Tensor:
        """Return L⁻¹ l(P, x), (n, a): how much each trial says about each latent of ``x`` (a, d)."""
        return torch.cholesky_solve(self.latent_kernel.forward(self.latents, x), factor)
