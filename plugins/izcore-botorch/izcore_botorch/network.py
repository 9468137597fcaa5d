"""A small network that foretells scores, and how sure it is of them: the two halves of NeuralUCB."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

Draw = Callable[[tuple[int, ...], int], Tensor]
"""Returns random weights of this shape, for units that have this many inputs."""


def standard_normal(shape: tuple[int, ...], inputs: int) -> Tensor:
    """Return weights from N(0, 1), however many inputs there are."""
    return torch.randn(shape, dtype=torch.float64)


def scaled_uniform(shape: tuple[int, ...], inputs: int) -> Tensor:
    """Return weights uniform between -1 / √inputs and 1 / √inputs, which is what torch starts layers with."""
    weights: Tensor = (2 * torch.rand(shape, dtype=torch.float64) - 1) / math.sqrt(inputs)
    return weights


class Network:
    """One hidden layer of rectified units: f(x) = w · relu(W x + b) + c."""

    def __init__(self, inputs: int, width: int, draw: Draw = standard_normal) -> None:
        self.hidden = draw((width, inputs), inputs)
        self.hidden_bias = draw((width,), inputs)
        self.output = draw((width,), width)
        self.output_bias = draw((), width)

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

    def descend(
        self, loss: Callable[[int], Tensor], steps: int, learning_rate: float, weight_decay: float = 0.0
    ) -> None:
        """Lower ``loss``, which is told the number of the step, by ``steps`` steps of Adam."""
        for parameter in self.parameters:
            parameter.requires_grad_(True)
        optimizer = torch.optim.Adam(self.parameters, lr=learning_rate, weight_decay=weight_decay)
        for step in range(steps):
            optimizer.zero_grad()
            loss(step).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        for parameter in self.parameters:
            parameter.requires_grad_(False)


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
