"""Chooses a batch of latents: what is maximised, how, and each in the light of those before."""

import math
import warnings
from collections.abc import Callable

import numpy as np
import torch
from botorch.acquisition import AcquisitionFunction, ExpectedImprovement, LogExpectedImprovement
from botorch.optim import optimize_acqf
from torch import Tensor

from izcore.plugin import SuggestRequest, derive_seed, sobol_latents
from izcore_botorch.distinct import reflect
from izcore_botorch.fitting import Belief
from izcore_botorch.history import Array, Observations
from izcore_botorch.options import SearchOptions
from izcore_botorch.repeats import Repeats

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


class Improvement(AcquisitionFunction):  # type: ignore[misc]
    """Expected improvement or its logarithm, weighted with the probability of a new instruction."""

    def __init__(self, belief: Belief, options: SearchOptions, repeats: Repeats | None) -> None:
        super().__init__(belief.posterior)
        self._log = options.acquisition == "log_ei"
        kind = LogExpectedImprovement if self._log else ExpectedImprovement
        self._improvement = kind(belief.posterior, best_f=belief.incumbent)
        self._repeats = repeats
        self.pending: Tensor | None = None

    def forward(self, X: Tensor) -> Tensor:  # noqa: N803 (BoTorch's name)
        """Return the value, (a,), of each of the latents ``X`` (a, 1, d)."""
        value: Tensor = self._improvement(X)
        if self._repeats is not None:
            log_new = self._repeats.log_new(X.squeeze(-2), self.pending)
            value = value + log_new if self._log else value * log_new.exp()
        return value

    def expect(self, chosen: Tensor) -> None:
        """Take the latents ``chosen`` (a, d) for tried, with the outcome that was expected of them."""
        self.model.expect(chosen)
        self.pending = chosen


def propose(
    belief: Belief, observations: Observations, options: SearchOptions, request: SuggestRequest
) -> Array:
    """Return ``request.count`` latents, (count, d), in the order in which they were chosen.

    A batch whose members are chosen independently is ordered by value, the best first, as published.
    They may coincide; :func:`~izcore_botorch.distinct.make_distinct` mends that.
    """
    repeats = Repeats(observations) if options.repeats == "avoided" else None
    improvement = Improvement(belief, options, repeats)
    maximise = _OPTIMIZERS[options.optimizer](improvement, observations, options, request)
    chosen: list[Array] = []
    values: list[float] = []
    for position in range(request.count):
        latent, value = maximise(position)
        chosen.append(latent)
        values.append(value)
        if options.batch == "greedy":
            improvement.expect(torch.from_numpy(np.array(chosen)))
    if options.batch == "independent":
        chosen = [chosen[i] for i in np.argsort(-np.array(values), kind="stable")]
    return np.array(chosen)


Maximise = Callable[[int], tuple[Array, float]]
"""Takes the position in the batch and returns a latent, (d,), and its acquisition value."""


def _cmaes(
    improvement: Improvement, observations: Observations, options: SearchOptions, request: SuggestRequest
) -> Maximise:
    """One run of CMA-ES from each of the ``count`` best trials (again from the best, if too few)."""
    best = np.argsort(-observations.values, kind="stable")[: request.count]
    dim = request.latent_dim
    # pycma wants at least two dimensions; where there is one, it is given another that counts for nothing.
    starts = np.pad(observations.latents[best], ((0, 0), (0, max(2 - dim, 0))), constant_values=0.5)

    def maximise(position: int) -> tuple[Array, float]:
        rng = np.random.default_rng(derive_seed(request.seed, "cma-es", position))
        search = cma.CMAEvolutionStrategy(
            starts[position % len(starts)],
            CMA_SIGMA,
            {
                "bounds": [0, 1],
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
            search.tell(latents, -_evaluate(improvement, np.array(latents)[:, :dim]))
        return np.asarray(search.best.x)[:dim], -float(search.best.f)

    return maximise


def _pool(
    improvement: Improvement, observations: Observations, options: SearchOptions, request: SuggestRequest
) -> Maximise:
    """The best of a fixed set of latents, each chosen once."""
    pool = _proposals(observations, options.proposals, request)
    free = np.full(len(pool), True)

    def maximise(position: int) -> tuple[Array, float]:
        value = np.where(free, _evaluate(improvement, pool), -math.inf)
        index = int(value.argmax())
        free[index] = False
        return pool[index], float(value[index])

    return maximise


def _gradient(
    improvement: Improvement, observations: Observations, options: SearchOptions, request: SuggestRequest
) -> Maximise:
    """L-BFGS-B from the best few of a fixed set of latents, of which the best is used up."""
    pool = _proposals(observations, options.proposals, request)
    free = np.full(len(pool), True)
    bounds = torch.tensor([[0.0], [1.0]], dtype=torch.float64).expand(2, request.latent_dim)

    def maximise(position: int) -> tuple[Array, float]:
        value = np.where(free, _evaluate(improvement, pool), -math.inf)
        starts = np.argsort(-value, kind="stable")[:_CLIMBERS]
        free[starts[0]] = False
        latent, best = optimize_acqf(
            improvement,
            bounds,
            q=1,
            num_restarts=len(starts),
            batch_initial_conditions=torch.from_numpy(pool[starts])[:, None, :],
            options={"maxiter": _CLIMB_STEPS, "maxls": 5},
            retry_on_optimization_warning=False,
        )
        return latent.squeeze(0).numpy(), float(best)

    return maximise


_OPTIMIZERS = {"cmaes": _cmaes, "pool": _pool, "gradient": _gradient}


def _evaluate(improvement: Improvement, latents: Array) -> Array:
    with torch.no_grad():
        values: Array = improvement(torch.from_numpy(latents)[:, None, :]).numpy()
    return values


def _proposals(observations: Observations, size: int, request: SuggestRequest) -> Array:
    """Return ``size`` latents: one half Sobol points, one half steps away from the best instructions.

    Steps are normal, of three sizes; half of them move only some coordinates, since in many dimensions a
    step in all of them at once leaves the neighbourhood. They are reflected at the walls of the box.
    """
    rng = np.random.default_rng(derive_seed(request.seed, "near the best"))
    everywhere = sobol_latents(size // 2, request.latent_dim, derive_seed(request.seed, "everywhere"))
    distinct = observations.distinct
    leaders = distinct[np.argsort(-observations.values[distinct], kind="stable")][:_LEADERS]
    shape = (size - size // 2, request.latent_dim)
    start = observations.latents[rng.choice(leaders, shape[0])]
    reach = rng.choice(_REACHES, (shape[0], 1))
    moved = rng.random(shape) < rng.choice(_MOVED, (shape[0], 1))
    near = start + moved * reach * rng.normal(size=shape)
    return np.concatenate([np.array(everywhere), reflect(near)])
