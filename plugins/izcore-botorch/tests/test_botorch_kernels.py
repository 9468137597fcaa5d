"""The kernels: golden values of the published one, and what the completed one promises."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from gpytorch.kernels import MaternKernel
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import Tensor

from izcore_botorch.kernels import JITTER, InstructionCoupledKernel
from izcore_botorch.model import LatentModel

GOLDEN = Path(__file__).parents[3].parent / "shared" / "golden" / "instruction_coupled_kernel.json"


def matern(lengthscale: Tensor | float, dimensions: int | None = None) -> MaternKernel:
    kernel = MaternKernel(nu=2.5, ard_num_dims=dimensions).double()
    kernel.lengthscale = lengthscale
    return kernel.requires_grad_(False)


@pytest.mark.parametrize("pair", [("test", "test"), ("test", "train"), ("train", "train")])
def test_published_kernel_has_its_golden_values(pair: tuple[str, str]) -> None:
    if not GOLDEN.exists():
        pytest.skip("the golden values (../shared/golden) are not on this machine")
    values = json.loads(GOLDEN.read_text())
    golden = {k: torch.tensor(v, dtype=torch.float64) for k, v in values.items() if k != "source"}
    kernel = InstructionCoupledKernel(
        matern(golden["latent_lengthscales"], 10),
        matern(golden["score_lengthscales"], 20),
        golden["latents_train"],
        golden["scores_train"],
    )
    ours = kernel.forward(golden[f"latents_{pair[0]}"], golden[f"latents_{pair[1]}"])
    theirs = golden[f"kernel_{pair[0]}_{pair[1]}"]
    assert ((ours - theirs).abs() <= (1e-6 * theirs.abs()).clamp_min(1e-9)).all()


def completed(latents: Tensor, s: Tensor, lengthscale: float) -> LatentModel:
    """K+ itself: what is believed of latents before any value is known."""
    kernel = matern(lengthscale)
    jitter = JITTER * torch.eye(len(latents)).double()
    return LatentModel(
        latent_kernel=kernel,
        latents=latents,
        factor=torch.linalg.cholesky(kernel.forward(latents, latents) + jitter),
        mu=torch.zeros(len(latents)).double(),
        covariance=s,
        constant=0.0,
        remainder=1.0,
    )


unit = st.floats(0, 1).map(lambda x: round(x, 3))
latents_and_scores = st.tuples(st.integers(1, 12), st.integers(1, 4), st.integers(1, 6)).flatmap(
    lambda size: st.tuples(
        arrays(np.float64, size[:2], elements=unit),
        arrays(np.float64, (size[0], size[2]), elements=st.sampled_from([0.0, 0.5, 1.0])),
    )
)


@settings(deadline=None, max_examples=60)
@given(latents_and_scores, st.floats(0.05, 3), st.booleans())
def test_completed_kernel_is_a_covariance(
    data: tuple[np.ndarray, np.ndarray], lengthscale: float, duplicate: bool
) -> None:
    latents, scores = (torch.from_numpy(np.repeat(a, 1 + duplicate, axis=0)) for a in data)
    elsewhere = torch.rand(20, latents.shape[1], generator=torch.Generator().manual_seed(0)).double()
    s = matern(1.0).forward(scores, scores)
    everywhere = torch.cat([latents, elsewhere])
    k = completed(latents, s, lengthscale).covariance_with(everywhere, everywhere)
    assert torch.allclose(k, k.T, atol=1e-7)
    # Rounding grows with the condition of L (at most n / jitter), hence the tolerance.
    assert torch.linalg.eigvalsh((k + k.T) / 2).min() > -1e-7 * max(1.0, float(k.diagonal().max()))


def test_completed_kernel_is_s_on_the_trials_and_l_far_away() -> None:
    latents = torch.rand(15, 6, generator=torch.Generator().manual_seed(1)).double()
    scores = (torch.rand(15, 8, generator=torch.Generator().manual_seed(2)) > 0.5).double()
    s = matern(1.5).forward(scores, scores)
    prior = completed(latents, s, 0.3)
    assert torch.allclose(prior.covariance_with(latents, latents), s, atol=20 * JITTER)
    far = 50 + torch.rand(5, 6, generator=torch.Generator().manual_seed(3)).double()
    assert torch.allclose(prior.covariance_with(far, far), matern(0.3).forward(far, far), atol=1e-12)
    assert prior.covariance_with(far, latents).abs().max() < 1e-12


def test_completed_kernel_is_the_formula() -> None:
    latents, x = torch.rand(2, 9, 3, generator=torch.Generator().manual_seed(4)).double()
    scores = (torch.rand(9, 5, generator=torch.Generator().manual_seed(5)) > 0.5).double()
    near, s = matern(0.7).forward, matern(1.0).forward(scores, scores)
    inverse = torch.linalg.inv(near(latents, latents) + JITTER * torch.eye(9).double())
    left = near(x, latents) @ inverse
    formula = near(x, x) - left @ near(latents, x) + left @ s @ left.T
    assert torch.allclose(completed(latents, s, 0.7).covariance_with(x, x), formula, atol=1e-9)


def test_what_is_pending_is_believed() -> None:
    latents, x = torch.rand(2, 9, 3, generator=torch.Generator().manual_seed(6)).double()
    belief = completed(latents, torch.eye(9).double(), 0.5)
    before_mean, before = belief.mean_and_variance(x)
    chosen = x[:2]
    expected = (
        before
        - (
            belief.covariance_with(x, chosen)
            @ torch.linalg.solve(belief.covariance_with(chosen, chosen), belief.covariance_with(chosen, x))
        ).diagonal()
    )
    belief.set_X_pending(chosen)
    mean, variance = belief.mean_and_variance(x)
    assert torch.equal(mean, before_mean)
    assert torch.allclose(variance, expected.clamp_min(1e-10), atol=1e-6)
    assert variance[:2].max() < 1e-6
