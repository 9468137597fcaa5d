"""INSTINCT: the bound is NeuralUCB's, computed the long way round, and the network learns."""

from collections.abc import Callable

import msgspec
import numpy as np
import pytest
import torch

from izcore.plugin import BackendContext, Candidate, SuggestRequest, Trial
from izcore_botorch.instinct import Instinct, train
from izcore_botorch.network import Evidence, Network
from izcore_botorch.options import InstinctOptions
from izcore_botorch.reproducible import reproducible

MakePool = Callable[..., tuple[tuple[Candidate, ...], np.ndarray]]
TryOut = Callable[..., tuple[Trial, ...]]
CONTEXT = BackendContext(seed=0, cache_dir="", data_dir="")


def test_the_variance_is_that_of_neural_ucb() -> None:
    """λ Σ g² / U with U = λ + Σ g² over what was tried; g is the gradient by every single parameter."""
    with reproducible(0):
        network = Network(inputs=5, width=7)
        tried, pool = torch.randn((4, 5), dtype=torch.float64), torch.randn((6, 5), dtype=torch.float64)
    evidence = Evidence(network, 0.1)
    evidence.add(tried[:3])
    evidence.add(tried[3:])

    def gradient(x: torch.Tensor) -> torch.Tensor:
        for parameter in network.parameters:
            parameter.requires_grad_(True)
        parts = torch.autograd.grad(network.mean(x[None]).sum(), network.parameters)
        return torch.cat([part.flatten() for part in parts])

    total = 0.1 + sum(gradient(x).square() for x in tried)
    direct = torch.stack([0.1 * (gradient(x).square() / total).sum() for x in pool])
    assert evidence.variance(pool).detach().numpy() == pytest.approx(direct.numpy())


def test_the_network_learns_and_is_pulled_to_zero() -> None:
    rng = np.random.default_rng(0)
    points = torch.from_numpy(rng.normal(size=(40, 6)))
    means = torch.from_numpy(1 / (1 + np.exp(-rng.normal(size=(40, 6)) @ np.ones(6))))
    with reproducible(0):
        start = Network(6, 100)
    with reproducible(0):
        trained = train(points, means, InstinctOptions())
    with reproducible(0):
        shrunk = train(points, means, InstinctOptions(regularisation=100.0))

    def error(network: Network) -> float:
        return float((network.mean(points) - means).square().mean())

    assert error(trained) < 0.01 * error(start)
    assert shrunk.hidden.norm() < 0.7 * trained.hidden.norm()


def only_what_counts(candidates: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    return tuple(msgspec.structs.replace(c, features=c.features[:3]) for c in candidates)


@pytest.mark.parametrize("count", [1, 25])
def test_exploration_is_what_the_bound_adds(make_pool: MakePool, try_out: TryOut, count: int) -> None:
    """Without it the choice is by the foretold mean alone; with much of it by the variance."""
    pool, chances = make_pool(40)
    history = try_out(pool[:15], chances[:15])
    request = SuggestRequest(history=history, count=count, latent_dim=4, seed=1, pool=pool[15:])
    timid = Instinct(InstinctOptions(exploration=0.0), CONTEXT).suggest(request).latents
    bold = Instinct(InstinctOptions(exploration=100.0), CONTEXT).suggest(request).latents
    assert timid != bold
    assert (set(timid) == set(bold)) is (count == 25)


def test_with_published_settings_finds_better_ones_than_a_random_order(
    make_pool: MakePool, try_out: TryOut
) -> None:
    """Where a hidden state holds the quality, and little else. In a random order the gain is 0."""
    gains = []
    for seed in range(6):
        pool, chances = make_pool(130, seed)
        pool = only_what_counts(pool)
        request = SuggestRequest(
            history=try_out(pool[:80], chances[:80]), count=8, latent_dim=4, seed=seed, pool=pool[80:]
        )
        members = [candidate.latent for candidate in pool]
        suggested = Instinct(InstinctOptions(), CONTEXT).suggest(request).latents
        chosen = [chances[members.index(latent)] for latent in suggested]
        gains.append(np.mean(chosen) - chances[80:].mean())
    assert np.mean(gains) > 0.1


def test_a_batch_does_not_look_at_one_place_twice(make_pool: MakePool, try_out: TryOut) -> None:
    """Two members that are nearly the same, and one elsewhere, which is chosen for four networks of five."""
    candidates, _ = make_pool(13)
    tried = [msgspec.structs.replace(c, features=(n / 3, float(n % 3))) for n, c in enumerate(candidates)]
    places = ((20.0, 1.0), (20.05, 1.0), (-15.0, 1.0))
    pool = tuple(
        msgspec.structs.replace(candidate, features=place)
        for candidate, place in zip(candidates[10:], places, strict=True)
    )
    request = SuggestRequest(
        history=try_out(tried[:10], [0.5] * 10), count=2, latent_dim=4, seed=0, pool=pool
    )
    surrogate = Instinct(InstinctOptions(exploration=100.0, steps=1), CONTEXT)
    elsewhere = [
        pool[2].latent in surrogate.suggest(msgspec.structs.replace(request, seed=seed)).latents
        for seed in range(6)
    ]
    assert sum(elsewhere) >= 4
