"""A Gaussian process whose kernel sees candidates through a small network that is fitted with it.

HbBoPs (arXiv 2412.07820), the structural-aware deep kernel: instruction and exemplars pass through networks
of their own, what comes out of both through a joint one, and a Matérn-5/2 kernel compares the ten numbers
at its end.
"""

import math

import torch
from gpytorch.kernels import MaternKernel
from torch import Tensor, nn

from izcore_botorch.fitting import Belief, Process, plain_model
from izcore_botorch.linalg import cholesky

SMALLEST_NOISE = 1e-4
"""GPyTorch's bound on a noise variance that is inferred, in units of the standardised values."""
LATENT = 10


class DeepKernel(nn.Module):
    """The network, the kernel's lengthscales and scale, and the variance of the values' noise."""

    def __init__(self, instruction: int, exemplars: int) -> None:
        super().__init__()
        self.instruction = _branch(instruction)
        self.exemplars = _branch(exemplars)
        self.joint = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, LATENT))
        self.matern = MaternKernel(nu=2.5, ard_num_dims=LATENT)
        self.raw_scale = nn.Parameter(torch.zeros(()))
        self.raw_noise = nn.Parameter(torch.zeros(()))
        self.double()

    @property
    def scale(self) -> Tensor:
        """The prior variance of a value, without noise; ln 2 at first."""
        return nn.functional.softplus(self.raw_scale)

    @property
    def noise(self) -> Tensor:
        """The variance of a value's error."""
        return SMALLEST_NOISE + nn.functional.softplus(self.raw_noise)

    def latent(self, instruction: Tensor, exemplars: Tensor) -> Tensor:
        """Return what the kernel sees, (n, 10), of instructions (n, k) and their exemplars (n, l)."""
        halves = torch.cat([self.instruction(instruction), self.exemplars(exemplars)], dim=1)
        found: Tensor = self.joint(halves)
        return found

    def misfit(self, instruction: Tensor, exemplars: Tensor, values: Tensor) -> Tensor:
        """Return the negative log marginal likelihood of ``values`` (n,), of mean 0, divided by n."""
        points = self.latent(instruction, exemplars)
        size = len(values)
        covariance = self.scale * self.matern.forward(points, points)
        factor = cholesky(covariance + self.noise * torch.eye(size, dtype=values.dtype))
        white = torch.linalg.solve_triangular(factor, values[:, None], upper=False)
        logarithm = factor.diagonal().log().sum() + size / 2 * math.log(2 * math.pi)
        misfit: Tensor = (white.square().sum() / 2 + logarithm) / size
        return misfit


def fit_deep_kernel(
    instruction: Tensor, exemplars: Tensor, values: Tensor, *, steps: int, patience: int, learning_rate: float
) -> DeepKernel:
    """Return the kernel under which the standardised ``values`` (n,) are likeliest.

    AdamW on all of them at once, for ``steps`` steps at most; ``patience`` steps in a row that do not better
    the likelihood end it. What counts is the best that was found.
    """
    kernel = DeepKernel(instruction.shape[1], exemplars.shape[1])
    optimizer = torch.optim.AdamW(kernel.parameters(), lr=learning_rate)
    parameters = tuple(kernel.parameters())
    lowest, best, waited = math.inf, nn.utils.parameters_to_vector(parameters).detach(), 0
    for _ in range(steps):
        optimizer.zero_grad()
        misfit = kernel.misfit(instruction, exemplars, values)
        reached = float(misfit.detach())
        if reached < lowest:
            lowest, best, waited = reached, nn.utils.parameters_to_vector(parameters).detach(), 0
        else:
            waited += 1
            if waited >= patience:
                break
        misfit.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    nn.utils.vector_to_parameters(best, parameters)
    return kernel.requires_grad_(False)


def belief_of(kernel: DeepKernel, points: Tensor, values: Tensor) -> Belief:
    """Return what ``values`` (n,) say of all places; the kernel sees them at ``points`` (n, 10).

    Improvement counts from the best of the values.
    """
    process = Process(
        train_Y=values,
        train_Yvar=kernel.noise.expand(len(values)),
        constant=0.0,
        scale=float(kernel.scale),
    )
    return Belief(plain_model(kernel.matern, points, process), float(values.max()))


def _branch(inputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU())
