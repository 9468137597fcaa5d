"""The fitted models, against the same inference done the long way."""

from collections.abc import Callable

import numpy as np
import torch
from botorch.models import SingleTaskGP
from gpytorch.kernels import MaternKernel, ScaleKernel
from torch import Tensor

from izcore.plugin import SuggestRequest, Trial
from izcore_botorch.fitting import (
    Process,
    completed_model,
    dimension_scaled_matern,
    fit_by_leave_one_out,
    fit_completed,
    fit_latents,
    fit_published,
    published_model,
)
from izcore_botorch.history import Observations, observe
from izcore_botorch.kernels import InstructionCoupledKernel

Make = Callable[..., tuple[Trial, ...]]


def random(*shape: int, seed: int) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed)).double()


def matern(lengthscale: float) -> MaternKernel:
    kernel = MaternKernel(nu=2.5).double()
    kernel.lengthscale = lengthscale
    return kernel.requires_grad_(False)


def observed(trials: tuple[Trial, ...]) -> Observations:
    dim = len(trials[0].candidate.latent)
    observations = observe(SuggestRequest(history=trials, count=1, latent_dim=dim, seed=0), 1000)
    assert observations is not None
    return observations


def test_published_posterior_is_that_of_botorch() -> None:
    latents, x, scores = random(12, 3, seed=0), random(5, 3, seed=1), (random(12, 6, seed=2) > 0.5).double()
    kernel = InstructionCoupledKernel(matern(0.4), matern(0.8), latents, scores)
    values = scores.mean(1) - scores.mean()
    model = SingleTaskGP(
        latents,
        values[:, None],
        train_Yvar=torch.full((12, 1), 0.01).double(),
        covar_module=ScaleKernel(kernel),
        outcome_transform=None,
    )
    model.covar_module.outputscale = 1.7
    model.mean_module.constant.data.fill_(0.1)
    theirs = model.eval().posterior(x)
    process = Process(train_Y=values, train_Yvar=torch.full((12,), 0.01).double(), constant=0.1, scale=1.7)
    mean, variance = published_model(kernel, process).mean_and_variance(x)
    assert torch.allclose(mean, theirs.mean.squeeze(-1), atol=1e-8)
    assert torch.allclose(variance, theirs.variance.squeeze(-1), atol=1e-8)


def test_completed_posterior_is_inference_under_the_completed_kernel() -> None:
    latents, x, scores = random(12, 3, seed=3), random(5, 3, seed=4), (random(12, 6, seed=5) > 0.5).double()
    near, s, nugget = matern(0.4).forward, 1.7 * matern(0.8).forward(scores, scores), 1e-4
    values, noise = scores.mean(1), torch.full((12,), 0.01).double()
    process = Process(train_Y=values, train_Yvar=noise, constant=0.1, scale=1.7)
    posterior = completed_model(matern(0.4), nugget, latents, s, process)
    # K+ of a trial's value with that of x is S L⁻¹ l(P, x), and conditioning is conditioning.
    left = near(x, latents) @ torch.linalg.inv(near(latents, latents) + nugget * torch.eye(12).double())
    prior = 1.7 / (1 + nugget) * (near(x, x) - left @ near(latents, x)) + left @ s @ left.T
    gain = left @ s @ torch.linalg.inv(s + torch.diag(noise))
    mean, variance = posterior.mean_and_variance(x)
    assert torch.allclose(mean, 0.1 + gain @ (values - 0.1), atol=1e-8)
    expected = (prior - gain @ (left @ s).T).diagonal() + 1.7 * nugget / (1 + nugget)
    assert torch.allclose(variance, expected, atol=1e-8)


def test_told_noise_shrinks_what_few_examples_said(make_trials: Make) -> None:
    observations = observed(make_trials(30, examples=4))
    belief = fit_completed(observations, observed_noise=True)
    assert belief.best_f < observations.train_Y.max()
    kernel = dimension_scaled_matern(observations.latents.shape[1])
    assert fit_latents(observations, kernel, observed_noise=True).best_f < observations.train_Y.max()
    assert fit_published(observations, observed_noise=False).best_f == observations.train_Y.max()


def test_published_uncertainty_vanishes_far_away_and_the_completed_one_does_not(make_trials: Make) -> None:
    observations = observed(make_trials(30))
    far = torch.full((1, 4), 40.0).double()
    _, published = fit_published(observations, observed_noise=False).model.mean_and_variance(far)
    completed = fit_completed(observations, observed_noise=True).model
    assert float(published) < 1e-9
    assert float(completed.mean_and_variance(far)[1]) > 0.5 * float(completed.mean_and_variance(far / 80)[1])
    assert float(completed.mean_and_variance(far)[1]) > 0.1


def test_foretelling_tells_smooth_from_rough() -> None:
    latents = random(80, 3, seed=6)
    noise = torch.full((80,), 1e-3).double()
    smooth = torch.sin(2 * latents.sum(1))
    rough = torch.from_numpy(np.random.default_rng(0).normal(size=80))
    found = [
        fit_by_leave_one_out(latents, Process((v - v.mean()) / v.std(), noise, 0.0, 1.0), unit=0.6)
        for v in (smooth, rough)
    ]
    assert found[0][0].lengthscale > 0.5
    assert found[0][1] == 0.1
    assert found[1][0].lengthscale < 0.2 or found[1][1] == 3.0
