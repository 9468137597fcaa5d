"""INSTINCT (arXiv 2310.02905): NeuralUCB on the generator's hidden states."""

import torch
from torch import Tensor

from izcore.plugin import SuggestRequest
from izcore_botorch.history import Observations
from izcore_botorch.options import InstinctOptions
from izcore_botorch.pool import PoolSurrogate
from izcore_botorch.representation import represent


class Instinct(PoolSurrogate[InstinctOptions]):
    """``instinct``: a small network foretells scores, and its gradients say how sure it is."""

    name = "instinct"

    def _choose(self, observations: Observations, request: SuggestRequest) -> list[int]:
        tried = len(observations.candidates)
        points = represent(
            [*observations.candidates, *request.pool], self._options.on, self._options.dimensions
        )
        # Spread as in the unit cube; the published network gets standardised numbers.
        points = points * 12**0.5
        network = train(points[:tried], torch.from_numpy(observations.means), self._options)
        evidence = Evidence(network, self._options.regularisation)
        evidence.add(points[:tried])
        pool = points[tried:]
        mean = network.mean(pool)
        free = torch.ones(len(pool), dtype=torch.bool)
        chosen: list[int] = []
        for _ in range(request.count):
            bound = mean + (self._options.exploration * evidence.variance(pool)).sqrt()
            best = int(bound.where(free, -torch.inf).argmax())
            free[best] = False
            chosen.append(best)
            evidence.add(pool[best : best + 1])
        return chosen


class Network:
    """One hidden layer of rectified units: f(x) = w · relu(W x + b) + c."""

    def __init__(self, inputs: int, width: int) -> None:
        self.hidden = torch.randn((width, inputs), dtype=torch.float64)
        self.hidden_bias = torch.randn(width, dtype=torch.float64)
        self.output = torch.randn(width, dtype=torch.float64)
        self.output_bias = torch.randn((), dtype=torch.float64)

    @property
    def parameters(self) -> tuple[Tensor, ...]:
        """W (width, k), b (width,), w (width,) and c ()."""
        return self.hidden, self.hidden_bias, self.output, self.output_bias

    def mean(self, x: Tensor) -> Tensor:
        """Return f at each of ``x`` (a, k), shape (a,)."""
        return torch.relu(x @ self.hidden.T + self.hidden_bias) @ self.output + self.output_bias

    def squared_gradients(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the squares of f's derivatives at ``x`` (a, k) in parts, as they would fill memory whole.

        By b and, times the square of input i, by column i of W: (a, width). By w: (a, width). Squares of the
        inputs: (a, k). That by c is 1.
        """
        before = x @ self.hidden.T + self.hidden_bias
        return (before > 0) * self.output.square(), torch.relu(before).square(), x.square()


class Evidence:
    """U = λ + Σ g², by parameter, over what was tried: the diagonal form of NeuralUCB's matrix."""

    def __init__(self, network: Network, regularisation: float) -> None:
        self._network = network
        self._prior = regularisation
        self._sums = [torch.full_like(parameter, regularisation) for parameter in network.parameters]

    def add(self, x: Tensor) -> None:
        """Count ``x`` (a, k) as tried."""
        by_bias, by_output, inputs = self._network.squared_gradients(x)
        squares = (by_bias.T @ inputs, by_bias.sum(0), by_output.sum(0), torch.tensor(float(len(x))))
        self._sums = [total + more for total, more in zip(self._sums, squares, strict=True)]

    def variance(self, x: Tensor) -> Tensor:
        """Return λ Σ g² / U at each of ``x`` (a, k), shape (a,)."""
        by_bias, by_output, inputs = self._network.squared_gradients(x)
        hidden, hidden_bias, output, output_bias = (1 / total for total in self._sums)
        total = (
            ((by_bias @ hidden) * inputs).sum(1) + by_bias @ hidden_bias + by_output @ output + output_bias
        )
        return self._prior * total


def train(points: Tensor, means: Tensor, options: InstinctOptions) -> Network:
    """Train a network from random weights, all N(0, 1), to foretell ``means`` (n,) from ``points`` (n, k).

    Mean squared error, Adam on all trials at once, weight decay λ / n: the published training.
    """
    network = Network(points.shape[1], options.width)
    for parameter in network.parameters:
        parameter.requires_grad_(True)
    decay = options.regularisation / len(points)
    optimizer = torch.optim.Adam(network.parameters, lr=options.learning_rate, weight_decay=decay)
    for _ in range(options.steps):
        optimizer.zero_grad()
        loss = (network.mean(points) - means).square().mean()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    for parameter in network.parameters:
        parameter.requires_grad_(False)
    return network
