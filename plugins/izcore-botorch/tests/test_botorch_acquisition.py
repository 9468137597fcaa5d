"""Acquisition functions against what they are defined to be, and the box of the trust region."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from botorch.acquisition import LogExpectedImprovement
from torch import Tensor

from izcore.plugin import Candidate, SuggestRequest, Trial
from izcore_botorch.acquisition import LogNoisyExpectedImprovement, ThompsonSampling, log_improvement
from izcore_botorch.fitting import Belief, dimension_scaled_matern, fit_completed, fit_latents
from izcore_botorch.history import Observations, observe
from izcore_botorch.options import CompletedOptions
from izcore_botorch.reproducible import reproducible
from izcore_botorch.search import propose
from izcore_botorch.trust_region import FIRST_SIDE, members, trust_region

Make = Callable[..., tuple[Trial, ...]]


def fit_matern(observations: Observations, *, observed_noise: bool) -> Belief:
    kernel = dimension_scaled_matern(observations.latents.shape[1])
    return fit_latents(observations, kernel, observed_noise=observed_noise)


def belief_of(trials: tuple[Trial, ...], fit: Callable[..., Belief]) -> Belief:
    observations = observe(SuggestRequest(history=trials, count=1, latent_dim=4, seed=0), 1000)
    assert observations is not None
    with reproducible(0):
        return fit(observations, observed_noise=True)


def places(count: int) -> Tensor:
    return torch.from_numpy(np.random.default_rng(3).random((count, 4)))


def test_log_improvement_where_the_improvement_is_zero_in_floating_point() -> None:
    t = torch.tensor([-1e6, -2e3, -900.0, -40.0, -5.0, -1.0, 0.0, 3.0, 1e5], dtype=torch.float64)
    log_phi = -t.square() / 2 - np.log(2 * np.pi) / 2
    # Mills' ratio: h(t) = φ(t) (1/t² - 3/t⁴ + 15/t⁶ - …) for t far below zero.
    series = log_phi + (t.pow(-2) - 3 * t.pow(-4) + 15 * t.pow(-6)).log()
    assert log_improvement(t)[:4].numpy() == pytest.approx(series[:4].numpy(), rel=1e-7)
    normal = torch.distributions.Normal(0.0, 1.0)
    direct = (log_phi[4:].exp() + t[4:] * normal.cdf(t[4:])).log()
    assert log_improvement(t)[4:].numpy() == pytest.approx(direct.numpy(), rel=1e-6)


@pytest.mark.parametrize("fit", [fit_completed, fit_matern])
def test_noisy_improvement_is_the_mean_over_joint_draws(
    make_trials: Make, fit: Callable[..., Belief]
) -> None:
    """Against brute force: draw trials, pending places and the place together, and count the gain."""
    belief = belief_of(make_trials(20), fit)
    model, x, pending = belief.model, places(5), places(7)[5:]
    with reproducible(1):
        noisy = LogNoisyExpectedImprovement(belief, None)
        noisy.set_X_pending(pending)
        ours = noisy(x[:, None, :]).exp()
        for place, value in zip(x, ours, strict=True):
            together = torch.cat([model.latents, pending, place[None]])
            fresh = torch.zeros(len(together), dtype=torch.float64)
            fresh[len(model.latents) :] = model.fresh
            covariance = model.covariance_with(together, together) + torch.diag(fresh)
            root = torch.linalg.cholesky(covariance + 1e-9 * torch.eye(len(together), dtype=torch.float64))
            drawn = model.mean(together) + torch.randn((40_000, len(together)), dtype=torch.float64) @ root.T
            gain = (drawn[:, -1] - drawn[:, :-1].amax(1)).clamp_min(0).mean()
            assert float(value) == pytest.approx(float(gain), rel=0.35, abs=2e-3)


@pytest.mark.parametrize("fit", [fit_completed, fit_matern])
def test_noisy_improvement_of_places_seen_before_is_that_of_new_ones(
    make_trials: Make, fit: Callable[..., Belief]
) -> None:
    """What is remembered about places, and brought up to date, changes no value."""
    belief, x, pending = belief_of(make_trials(20), fit), places(9)[:, None, :], places(12)[9:]

    def after_pending(*, asked_before: bool) -> Tensor:
        with reproducible(1), torch.no_grad():
            noisy = LogNoisyExpectedImprovement(belief, None)
            for count in range(1, len(pending) + 1):
                if asked_before:
                    noisy(x)
                noisy.set_X_pending(pending[:count])
            return noisy(x)

    fresh, remembered = after_pending(asked_before=False), after_pending(asked_before=True)
    assert remembered.numpy() == pytest.approx(fresh.numpy(), rel=1e-9)


def test_noisy_improvement_ranks_as_the_plain_one_without_noise(trials_of: Make) -> None:
    latents = places(12).numpy()
    scores = [(float(x.mean()),) * 4000 for x in latents]
    belief = belief_of(trials_of(latents, scores), fit_matern)
    x = places(200)[:, None, :]
    with reproducible(1):
        noisy, plain = (
            LogNoisyExpectedImprovement(belief, None)(x),
            LogExpectedImprovement(belief.model, belief.best_f)(x),
        )
    assert noisy.argmax() == plain.argmax()


def test_thompson_chooses_a_place_as_often_as_it_is_the_best(make_trials: Make) -> None:
    belief, x = belief_of(make_trials(20), fit_completed), places(6)
    mean, covariance = belief.model.joint(x)
    with reproducible(2):
        thompson = ThompsonSampling(belief, None)
        ours = [int(thompson(x[:, None, :]).argmax()) for _ in range(4000)]
        truth = torch.distributions.MultivariateNormal(mean, covariance).sample((100_000,)).argmax(1)
    share = torch.bincount(truth, minlength=6) / len(truth)
    assert np.bincount(ours, minlength=6) / 4000 == pytest.approx(share.numpy(), abs=0.03)


def test_thompson_looks_at_a_part_of_a_large_set(make_trials: Make) -> None:
    belief, x = belief_of(make_trials(20), fit_matern), places(2500)
    with reproducible(2):
        value = ThompsonSampling(belief, None)(x[:, None, :])
    assert int(value.isfinite().sum()) == 2048


def scored(rounds: list[list[float]], seen: int = 10, latent: float = 0.5) -> tuple[Trial, ...]:
    """Trials of one coordinate whose means are given by round; the best stands at ``latent``."""
    best = max(mean for means in rounds for mean in means)
    return tuple(
        Trial(
            index=100 * number + place,
            round=number,
            candidate=Candidate(
                latent=(latent if mean == best else 0.1,) * 4, instruction=f"{number} {place}"
            ),
            scores=(mean,) * seen,
        )
        for number, means in enumerate(rounds)
        for place, mean in enumerate(means)
    )


def region(history: tuple[Trial, ...]) -> np.ndarray:
    return trust_region(SuggestRequest(history=history, count=1, latent_dim=4, seed=0))


def test_the_box_stands_around_the_best_and_ends_at_the_walls() -> None:
    low, high = region(scored([[0.1, 0.9, 0.3]]))
    assert low == pytest.approx([0.5 - FIRST_SIDE / 2] * 4)
    assert high == pytest.approx([0.5 + FIRST_SIDE / 2] * 4)
    low, high = region(scored([[0.1, 0.9, 0.3]], latent=0.9))
    assert low == pytest.approx([0.5] * 4)
    assert high == pytest.approx([1.0] * 4)
    assert region(()).tolist() == [[0.0] * 4, [1.0] * 4]


def test_the_box_halves_after_failures_and_doubles_after_successes() -> None:
    sides = {
        "one failure of four latents": ([[0.5], [0.1] * 4], 0.4),
        "two": ([[0.5], [0.1] * 4, [0.2] * 4], 0.2),
        "too few": ([[0.5], [0.1] * 3], 0.8),
        "three successes": ([[0.1], [0.1] * 4, [0.2] * 4, [0.3], [0.4]], 0.8),
        "below the shortest": ([[0.5], *[[0.1] * 4] * 7], 0.8),
    }
    for name, (rounds, side) in sides.items():
        low, high = region(scored(rounds))
        assert high - low == pytest.approx([side] * 4), name


def test_a_mean_over_few_examples_is_not_the_best() -> None:
    full = scored([[0.6]])
    lucky = scored([[1.0]], seen=1, latent=0.2)
    low, high = region((*full, *lucky))
    assert (low + high) / 2 == pytest.approx([0.5] * 4)


@pytest.mark.parametrize("optimizer", ["pool", "gradient", "cmaes"])
def test_every_optimizer_stays_in_the_box(make_trials: Make, optimizer: str) -> None:
    history = make_trials(30)
    options = CompletedOptions(optimizer=optimizer, trust_region=True, proposals=256)
    request = SuggestRequest(history=history, count=3, latent_dim=4, seed=0)
    observations = observe(request, 1000)
    assert observations is not None
    with reproducible(0):
        latents = propose(fit_completed(observations, observed_noise=True), observations, options, request)
    low, high = trust_region(request)
    assert (high - low < 0.9).any()
    assert ((latents >= low - 1e-9) & (latents <= high + 1e-9)).all()


def test_a_pool_with_too_few_members_in_the_box_gives_the_nearest() -> None:
    pool = np.array([[0.5], [0.0], [0.39], [0.9]])
    assert members(pool, np.array([[0.4], [0.6]]), 1).tolist() == [0]
    assert members(pool, np.array([[0.4], [0.6]]), 2).tolist() == [0, 2]
