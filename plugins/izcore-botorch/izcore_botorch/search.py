"""Chooses a batch of latents: what is maximised, how, and each in the light of those before."""

import math
import warnings
from collections.abc import Callable

import numpy as np
import torch
from botorch.optim import optimize_acqf

from izcore.plugin import SuggestRequest, derive_seed, sobol_latents
from izcore_botorch.acquisition import Acquisition, get_acquisition_function
from izcore_botorch.distinct import reflect
from izcore_botorch.fitting import Belief
from izcore_botorch.history import Array, Observations
from izcore_botorch.options import SearchOptions
from izcore_botorch.repeats import Repeats
from izcore_botorch.trust_region import members, trust_region

with warnings.catch_warnings():
    # pycma can plot, given matplotlib; nothing here does.
    warnings.filterwarnings("ignore", "Could not import matplotlib", UserWarning)
    import cma

CMA_SIGMA = 0.4
"""Published: 0.8 in the box [-1, 1]^d, which is 0.4 in [0, 1]^d."""
CMA_POPULATION = 50
CMA_GENERATIONS = 10
"""Published: the loop counts from 1 and leaves when the count exceeds 10 after a generation."""

_LEADERS = 16
_REACHES = (0.05, 0.1, 0.2)
_MOVED = (0.3, 1.0)
_CLIMBERS = 2
_CLIMB_STEPS = 8


def propose(
    belief: Belief, observations: Observations, options: SearchOptions, request: SuggestRequest
) -> Array:
    """Return ``request.count`` latents, (count, d), in the order in which they were chosen.

    With a pool they are latents of it, each once. Otherwise a batch whose members are chosen independently is
    ordered by value, the best first, as published; they may coincide, which
    :func:`~izcore_botorch.distinct.make_distinct` mends.
    """
    region = trust_region(request) if options.trust_region else _whole_cube(request.latent_dim)
    greedy = options.batch == "greedy"
    if request.pool:
        pool = np.array([candidate.latent for candidate in request.pool], dtype=np.float64)
        pool = pool[members(pool, region, request.count)]
        # The pool's instructions are all distinct and new: there is no repeat to avoid.
        acquisition = get_acquisition_function(options.acquisition, belief, None)
        return pool[choose_among(pool, acquisition, request.count, greedy=greedy)]
    repeats = Repeats(observations) if options.repeats == "avoided" else None
    acquisition = get_acquisition_function(options.acquisition, belief, repeats)
    if options.optimizer == "pool":
        proposals = _proposals(observations, options.proposals, region, request)
        return proposals[choose_among(proposals, acquisition, request.count, greedy=greedy)]
    maximise = _OPTIMIZERS[options.optimizer](acquisition, observations, options, region, request)
    chosen: list[Array] = []
    values: list[float] = []
    for position in range(request.count):
        latent, value = maximise(position)
        chosen.append(latent)
        values.append(value)
        if greedy:
            acquisition.set_X_pending(torch.from_numpy(np.array(chosen)))
    if not greedy:
        chosen = [chosen[i] for i in np.argsort(-np.array(values), kind="stable")]
    return np.array(chosen)


def choose_among(places: Array, acquisition: Acquisition, count: int, *, greedy: bool) -> list[int]:
    """Return the indices of ``count`` of ``places`` (a, k), the most valuable first, each at most once.

    If ``greedy``, each is chosen as if those before it were tried.
    """
    free = np.full(len(places), True)
    chosen: list[int] = []
    for _ in range(min(count, len(places))):
        value = np.where(free, _evaluate(acquisition, places), -math.inf)
        # Among places without value, whatever is free: argmax alone would take the first twice.
        best = int(value.argmax()) if value.max() > -math.inf else int(free.argmax())
        free[best] = False
        chosen.append(best)
        if greedy:
            acquisition.set_X_pending(torch.from_numpy(places[chosen]))
    return chosen


def _whole_cube(dim: int) -> Array:
    return np.array([np.zeros(dim), np.ones(dim)])


Maximise = Callable[[int], tuple[Array, float]]
"""Takes the position in the batch and returns a latent, (d,), and its acquisition value."""


def _cmaes(
    acquisition: Acquisition,
    observations: Observations,
    options: SearchOptions,
    region: Array,
    request: SuggestRequest,
) -> Maximise:
    """One run of CMA-ES from each of the ``count`` best trials (again from the best, if too few)."""
    best = np.argsort(-observations.train_Y, kind="stable")[: request.count]
    dim, padding = request.latent_dim, (0, max(2 - request.latent_dim, 0))
    # pycma wants at least two dimensions; where there is one, it is given another that counts for nothing.
    starts = np.pad(np.clip(observations.latents[best], *region), ((0, 0), padding), constant_values=0.5)
    low, high = np.pad(region[0], padding), np.pad(region[1], padding, constant_values=1.0)

    def maximise(position: int) -> tuple[Array, float]:
        rng = np.random.default_rng(derive_seed(request.seed, "cma-es", position))
        search = cma.CMAEvolutionStrategy(
            starts[position % len(starts)],
            CMA_SIGMA,
            {
                "bounds": [low.tolist(), high.tolist()],
                "popsize": CMA_POPULATION,
                "randn": lambda *shape: rng.standard_normal(shape),
                "seed": math.nan,  # pycma's word for: leave numpy's global generator alone
                "verbose": -9,
            },
        )
        for _ in range(CMA_GENERATIONS):
            if search.stop():
                break
            latents = search.ask()
            search.tell(latents, -_evaluate(acquisition, np.array(latents)[:, :dim]))
        return np.asarray(search.best.x)[:dim], -float(search.best.f)

    return maximise


def _gradient(
    acquisition: Acquisition,
    observations: Observations,
    options: SearchOptions,
    region: Array,
    request: SuggestRequest,
) -> Maximise:
    """L-BFGS-B from the best few of a fixed set of latents, of which the best is used up."""
    proposals = _proposals(observations, options.proposals, region, request)
    free = np.full(len(proposals), True)
    bounds = torch.from_numpy(region)

    def maximise(position: int) -> tuple[Array, float]:
        value = np.where(free, _evaluate(acquisition, proposals), -math.inf)
        starts = np.argsort(-value, kind="stable")[:_CLIMBERS]
        free[starts[0]] = False
        latent, best = optimize_acqf(
            acquisition,
            bounds,
            q=1,
            num_restarts=len(starts),
            batch_initial_conditions=torch.from_numpy(proposals[starts])[:, None, :],
            options={"maxiter": _CLIMB_STEPS, "maxls": 5},
            retry_on_optimization_warning=False,
        )
        return latent.squeeze(0).numpy(), float(best)

    return maximise


_OPTIMIZERS = {"cmaes": _cmaes, "gradient": _gradient}


def _evaluate(acquisition: Acquisition, places: Array) -> Array:
    with torch.no_grad():
        values: Array = acquisition(torch.from_numpy(places)[:, None, :]).numpy()
    return values


def _proposals(observations: Observations, size: int, region: Array, request: SuggestRequest) -> Array:
    """Return ``size`` latents in ``region``: half Sobol points, half steps away from the best instructions.

    Steps are normal, of three sizes; half of them move only some coordinates, since in many dimensions a
    step in all of them at once leaves the neighbourhood. They are reflected at the walls of the cube.
    """
    rng = np.random.default_rng(derive_seed(request.seed, "near the best"))
    everywhere = np.array(
        sobol_latents(size // 2, request.latent_dim, derive_seed(request.seed, "everywhere"))
    )
    distinct = observations.distinct
    leaders = distinct[np.argsort(-observations.train_Y[distinct], kind="stable")][:_LEADERS]
    shape = (size - size // 2, request.latent_dim)
    start = observations.latents[rng.choice(leaders, shape[0])]
    reach = rng.choice(_REACHES, (shape[0], 1))
    moved = rng.random(shape) < rng.choice(_MOVED, (shape[0], 1))
    near = start + moved * reach * rng.normal(size=shape)
    return np.concatenate([region[0] + (region[1] - region[0]) * everywhere, np.clip(reflect(near), *region)])
