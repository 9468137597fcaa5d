"""ZOPO (arXiv 2403.02993): small steps along the gradient of a neural-tangent Gaussian process."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from izcore.plugin import SuggestRequest
from izcore_botorch.history import Observations
from izcore_botorch.linalg import cholesky
from izcore_botorch.options import ZopoOptions
from izcore_botorch.pool import PoolSurrogate
from izcore_botorch.representation import represent

NOISE = 1e-4
"""Variance of the scores' noise that the published code assumes, in units of a score."""
_NETWORK_SEED = 0
"""The network's weights are never trained; they are the same in every run, so that the kernel is."""


class Zopo(PoolSurrogate[ZopoOptions]):
    """``zopo``: local search in the space of the pool's representations."""

    name = "zopo"

    def _choose(self, observations: Observations, request: SuggestRequest) -> list[int]:
        tried = len(observations.candidates)
        points = represent(
            [*observations.candidates, *request.pool], self._options.on, self._options.dimensions
        )
        walk = Walk(points[:tried], torch.from_numpy(observations.means), self._options)
        pool, free = points[tried:], torch.ones(len(request.pool), dtype=torch.bool)
        start, explores = walk.state(torch.from_numpy(observations.rounds))
        chosen: list[int] = []
        place = walk.points[start]
        if explores:
            for _ in range(min(request.count, self._options.neighbours)):
                chosen.append(_nearest(place, pool, free))
        while len(chosen) < request.count:
            process = walk.process(place)
            # Adam's first step has the same length in each coordinate, along the sign of the gradient.
            target = place + self._options.learning_rate * process.gradient(place).sign()
            chosen.append(_nearest(target, pool, free))
            place = pool[chosen[-1]]
            walk.believe(place, float(process.mean(place[None])))
        return chosen


def _nearest(place: Tensor, pool: Tensor, free: Tensor) -> int:
    """Return the index of the free member of the pool nearest to ``place``, and take it."""
    distance = (pool - place).square().sum(1)
    nearest = int(distance.where(free, torch.inf).argmin())
    free[nearest] = False
    return nearest


class Walk:
    """Where the search stands, told from the trials alone: ``points`` (n, k) and ``means`` (n,), in order."""

    def __init__(self, points: Tensor, means: Tensor, options: ZopoOptions) -> None:
        self.points, self._means, self._options = points, means, options
        self._parameters = random_network(points.shape[1], options.width, options.depth)

    def process(self, place: Tensor, until: int | None = None) -> "TangentProcess":
        """Fit the process to the trials nearest to ``place``, of all or of the first ``until``."""
        points, means = self.points[:until], self._means[:until]
        near = (points - place).square().sum(1).argsort(stable=True)[: self._options.nearest]
        return TangentProcess(self._parameters, points[near], means[near])

    def believe(self, place: Tensor, mean: float) -> None:
        """Take ``mean`` for the score at ``place``, which is chosen but not scored yet."""
        self.points = torch.cat([self.points, place[None]])
        self._means = torch.cat([self._means, torch.tensor([mean], dtype=torch.float64)])

    def state(self, rounds: Tensor) -> tuple[int, bool]:
        """Return the trial to start from, and whether its neighbours are tried instead of a step.

        A round starts from the best trial of the round before, or from the best of all when more than
        ``tolerance`` rounds in a row did not beat it. After ``patience`` uncertain starts in a row the
        neighbours are tried, for as many rounds as that takes.
        """
        ends = [*(torch.nonzero(rounds.diff()).flatten() + 1).tolist(), len(rounds)]
        start = best = int(self._means[: ends[0]].argmax())
        failures = uncertain = left = 0
        explores = False
        for number, end in enumerate(ends):
            if number > 0:
                begin = ends[number - 1]
                left -= end - begin
                latest = begin + int(self._means[begin:end].argmax())
                failures = 0 if self._means[latest] > self._means[best] else failures + 1
                best = latest if failures == 0 else best
                if left > 0:
                    continue
                start = latest
                if failures > self._options.tolerance:
                    start, failures = best, 0
            place = self.points[start]
            doubt = self.process(place, end).unknown(place)
            uncertain = uncertain + 1 if doubt > self._options.uncertainty else 0
            explores = uncertain >= self._options.patience
            if explores:
                uncertain, left = 0, self._options.neighbours
        return start, explores


Parameters = tuple[tuple[Tensor, Tensor], ...]
"""Weights (outputs, inputs) and biases (outputs,) of each layer."""


def random_network(inputs: int, width: int, depth: int) -> Parameters:
    """Return weights and biases, all N(0, 1), of ``depth`` hidden layers and an output."""
    generator = torch.Generator().manual_seed(_NETWORK_SEED)
    sizes = [inputs, *[width] * depth, 1]
    return tuple(
        (
            torch.randn((after, before), dtype=torch.float64, generator=generator),
            torch.randn(after, dtype=torch.float64, generator=generator),
        )
        for before, after in pairwise(sizes)
    )


@dataclass(frozen=True)
class Passes:
    """What the network's gradient by its parameters is made of, layer by layer, for some places x.

    ``inputs`` [a, layer's inputs] go into each layer; ``signals`` [a, layer's outputs] are the derivatives of
    the output by what each layer puts out. The derivative by a weight is one signal times one input, that
    by a bias is the signal.
    """

    inputs: tuple[Tensor, ...]
    signals: tuple[Tensor, ...]

    def kernel(self, other: "Passes") -> Tensor:
        """Return the inner products of the gradients at these places with those at ``other``'s, (a, b)."""
        return sum_of(
            (signal @ theirs.T) * (inputs @ their_inputs.T + 1)
            for signal, theirs, inputs, their_inputs in zip(
                self.signals, other.signals, self.inputs, other.inputs, strict=True
            )
        )


def passes(parameters: Parameters, x: Tensor) -> Passes:
    """Send ``x`` (a, k) through the network and back."""
    inputs = [x]
    for weight, bias in parameters[:-1]:
        inputs.append(torch.relu(inputs[-1] @ weight.T + bias))
    signals = [torch.ones((len(x), 1), dtype=x.dtype)]
    for (weight, _), after in zip(reversed(parameters[1:]), reversed(inputs[1:]), strict=True):
        signals.insert(0, (signals[0] @ weight) * (after > 0))
    return Passes(tuple(inputs), tuple(signals))


def sum_of(terms: Iterable[Tensor]) -> Tensor:
    """Return the sum of tensors of one shape."""
    return torch.stack(list(terms)).sum(0)


class TangentProcess:
    """A Gaussian process with the neural tangent kernel k(x, x') = j(x) · j(x'), mean 0 and noise ``NOISE``.

    j(x) is the gradient of the network by its parameters. ``points`` (n, k), with ``values`` (n,), are moved
    so that each coordinate fills [0, 1] over them, as published.
    """

    def __init__(self, parameters: Parameters, points: Tensor, values: Tensor) -> None:
        self._parameters = parameters
        low, high = points.amin(0), points.amax(0)
        varies = high > low
        self._low = low.where(varies, 0.0)
        self._span = (high - low).where(varies, 1.0)
        self._passes = self._at(points)
        kernel = self._passes.kernel(self._passes)
        self._factor = cholesky(kernel + NOISE * torch.eye(len(points), dtype=points.dtype))
        self._weights = torch.cholesky_solve(values[:, None], self._factor).squeeze(1)

    def mean(self, x: Tensor) -> Tensor:
        """Return the mean, (a,), at ``x`` (a, k)."""
        return self._at(x).kernel(self._passes) @ self._weights

    def gradient(self, x: Tensor) -> Tensor:
        """Return the gradient of the mean, (k,), at ``x`` (k,): the mean of the derived process."""
        return self._derivative(x)[0] @ self._weights

    def unknown(self, x: Tensor) -> float:
        """Return which share of the gradient's variance at ``x`` (k,) the values leave unknown, in [0, 1].

        The published bound is on the variance itself, which depends on the size of the network.
        """
        cross, prior = self._derivative(x)
        shared = torch.linalg.solve_triangular(self._factor, cross.T, upper=False)
        return 1.0 - float(shared.square().sum()) / prior if prior > 0 else 0.0

    def _at(self, x: Tensor) -> Passes:
        return passes(self._parameters, (x - self._low) / self._span)

    def _derivative(self, x: Tensor) -> tuple[Tensor, float]:
        """Return the derivatives of k(x, points) by x, (k, n), and the variance of the gradient a priori.

        Signals are constant around x and inputs linear, since units are rectified.
        """
        here = self._at(x[None])
        slope = torch.diag(1 / self._span)
        crosses, priors = [], []
        for layer, (weight, _) in enumerate(self._parameters):
            signal = here.signals[layer]
            crosses.append(
                (slope.T @ self._passes.inputs[layer].T) * (signal @ self._passes.signals[layer].T)
            )
            priors.append(signal.square().sum() * slope.square().sum())
            if layer + 1 < len(self._parameters):
                slope = (here.inputs[layer + 1] > 0).T * (weight @ slope)
        return sum_of(crosses), float(sum_of(priors))
