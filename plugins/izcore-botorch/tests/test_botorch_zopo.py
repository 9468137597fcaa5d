"""ZOPO: kernel, gradient and doubt against automatic differentiation; where it walks."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from izcore.plugin import BackendContext, Candidate, SuggestRequest, Trial
from izcore_botorch.options import ZopoOptions
from izcore_botorch.zopo import NOISE, Parameters, TangentProcess, Walk, Zopo, passes, random_network

MakePool = Callable[..., tuple[tuple[Candidate, ...], np.ndarray]]
TryOut = Callable[..., tuple[Trial, ...]]
CONTEXT = BackendContext(seed=0, cache_dir="", data_dir="")


def points(count: int, dim: int, seed: int = 0) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).random((count, dim)))


def network(parameters: Parameters, x: Tensor) -> Tensor:
    for weight, bias in parameters[:-1]:
        x = torch.relu(weight @ x + bias)
    weight, bias = parameters[-1]
    return (weight @ x + bias).squeeze()


def by_parameters(parameters: Parameters, x: Tensor) -> Tensor:
    leaves = [tensor.clone().requires_grad_(True) for layer in parameters for tensor in layer]
    layers = tuple(zip(leaves[::2], leaves[1::2], strict=True))
    return torch.cat([g.flatten() for g in torch.autograd.grad(network(layers, x), leaves)])


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_the_kernel_is_the_product_of_the_networks_gradients(depth: int) -> None:
    parameters, x, y = random_network(6, 9, depth), points(4, 6), points(5, 6, 1)
    ours = passes(parameters, x).kernel(passes(parameters, y))
    direct = (
        torch.stack([by_parameters(parameters, a) for a in x])
        @ torch.stack([by_parameters(parameters, b) for b in y]).T
    )
    assert ours.numpy() == pytest.approx(direct.numpy())


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_the_gradient_is_that_of_the_mean(depth: int) -> None:
    tried = points(12, 6) * torch.tensor([1.0, 5.0, 0.1, 1.0, 1.0, 0.0]).double()
    process = TangentProcess(random_network(6, 9, depth), tried, points(12, 1).squeeze(1))
    x = tried[3] + 0.01
    automatic = x.clone().requires_grad_(True)
    (expected,) = torch.autograd.grad(process.mean(automatic[None]).sum(), automatic)
    assert process.gradient(x).numpy() == pytest.approx(expected.numpy())
    step = 1e-7
    steps = torch.eye(6, dtype=torch.float64) * step
    differences = (process.mean(x + steps) - process.mean(x - steps)) / (2 * step)
    assert process.gradient(x).numpy() == pytest.approx(differences.numpy(), rel=1e-4, abs=1e-4)


def test_the_mean_goes_through_the_values() -> None:
    tried, values = points(8, 20), points(8, 1, 1).squeeze(1)
    process = TangentProcess(random_network(20, 32, 2), tried, values)
    assert process.mean(tried).numpy() == pytest.approx(values.numpy(), abs=1e-3)


def test_the_unknown_share_is_what_the_derived_process_leaves() -> None:
    """Against the derivatives of j(x), one parameter at a time, over inputs that already fill [0, 1]."""
    tried = torch.cat([points(6, 4), torch.zeros((1, 4)).double(), torch.ones((1, 4)).double()])
    parameters, x = random_network(4, 5, 2), points(1, 4, 7)[0]
    process = TangentProcess(parameters, tried, torch.zeros(8, dtype=torch.float64))
    step = 1e-6
    slopes = torch.stack(
        [
            (by_parameters(parameters, x + step * e) - by_parameters(parameters, x - step * e)) / (2 * step)
            for e in torch.eye(4, dtype=torch.float64)
        ]
    )
    jacobian = torch.stack([by_parameters(parameters, p) for p in tried])
    kernel = jacobian @ jacobian.T + NOISE * torch.eye(8, dtype=torch.float64)
    shared = slopes @ jacobian.T
    left = slopes @ slopes.T - shared @ torch.linalg.solve(kernel, shared.T)
    assert process.unknown(x) == pytest.approx(float(left.trace() / (slopes @ slopes.T).trace()), rel=1e-4)


def test_doubt_is_less_where_more_was_tried() -> None:
    parameters, x = random_network(5, 32, 2), torch.full((5,), 0.5).double()
    around = x + 0.2 * (points(60, 5) - 0.5)
    few = TangentProcess(parameters, around[:3], torch.zeros(3).double())
    many = TangentProcess(parameters, around, torch.zeros(60).double())
    assert 0 <= many.unknown(x) < few.unknown(x) <= 1


def state(means: list[float], rounds: list[int], **options: float) -> tuple[int, bool]:
    chosen = ZopoOptions(**options)  # type: ignore[arg-type]
    walk = Walk(points(len(means), 3), torch.tensor(means).double(), chosen)
    return walk.state(torch.tensor(rounds))


def test_it_goes_on_from_the_latest_and_returns_to_the_best_after_failures() -> None:
    certain = {"uncertainty": 1.0}
    assert state([0.2, 0.9, 0.1], [0, 0, 0], **certain) == (1, False)
    assert state([0.2, 0.9, 0.5, 0.6], [0, 0, 1, 1], **certain) == (3, False)
    assert state([0.9, 0.1, 0.2], [0, 1, 2], **certain, tolerance=2) == (2, False)
    assert state([0.9, 0.1, 0.2, 0.3], [0, 1, 2, 3], **certain, tolerance=2) == (0, False)
    assert state([0.9, 0.1, 0.2, 0.3, 0.4], [0, 1, 2, 3, 4], **certain, tolerance=2) == (4, False)


def test_neighbours_are_tried_after_enough_doubt_until_there_were_enough() -> None:
    doubtful = {"uncertainty": 0.0, "patience": 2, "neighbours": 3, "tolerance": 100}
    expected = [False, True, True, True, False, True]
    means = [0.1 * step for step in range(6)]
    for step, explores in enumerate(expected):
        known = step + 1
        assert state(means[:known], list(range(known)), **doubtful)[1] is explores, step


def test_what_is_chosen_counts_with_what_was_expected_of_it() -> None:
    tried, place = points(8, 4), torch.full((4,), 0.5).double()
    walk = Walk(tried, torch.arange(8).double() / 8, ZopoOptions())
    walk.believe(place, 0.3)
    assert float(walk.process(place).mean(place[None])) == pytest.approx(0.3, abs=1e-3)
    assert walk.state(torch.zeros(8, dtype=torch.int64)) == (7, False)


def test_a_step_takes_the_free_member_nearest_to_where_the_gradient_leads(
    make_pool: MakePool, try_out: TryOut
) -> None:
    """On latents, with a step as long as a coordinate: uphill, and not the nearest member."""
    latents = [(x, y, 0.5, 0.5) for x in (0.1, 0.3, 0.5, 0.7, 0.9) for y in (0.2, 0.5, 0.8)]
    tried = [place for place in latents if place[0] < 0.6]
    history = try_out(
        [Candidate(latent=latent, instruction=f"{latent}") for latent in tried],
        [latent[0] for latent in tried],
    )
    pool = (
        Candidate(latent=(0.45, 0.5, 0.5, 0.5), instruction="back"),
        Candidate(latent=(0.75, 0.5, 0.5, 0.5), instruction="uphill"),
    )
    surrogate = Zopo(ZopoOptions(on="latents", learning_rate=0.2, uncertainty=1.0), CONTEXT)
    request = SuggestRequest(history=history, count=1, latent_dim=4, seed=0, pool=pool)
    assert surrogate.suggest(request).latents == (pool[1].latent,)
