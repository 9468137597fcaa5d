"""Draws the tokens of a row at random instead of taking the likeliest."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Sampling:
    """How a row's tokens are drawn: at a ``temperature`` > 0, from a ``seed`` that is the row's own."""

    temperature: float
    seed: int


class Sampler:
    """Draws one row's tokens, one after the other."""

    def __init__(self, sampling: Sampling) -> None:
        self._temperature = sampling.temperature
        # On the CPU, so that a seed means the same on every device.
        self._generator = torch.Generator().manual_seed(sampling.seed)

    def draw(self, logits: Tensor) -> int:
        """Return a token, by the chances that ``logits`` [vocabulary] and the temperature give it."""
        chances = torch.softmax(logits.float().cpu() / self._temperature, dim=-1)
        return int(torch.multinomial(chances, 1, generator=self._generator))
