"""From a latent to a soft prompt: a fixed random projection."""

import math
from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from izcore.plugin import Latent, derive_seed


class Projection:
    """Maps latents in [0, 1]^d to ``soft_tokens`` embeddings each.

    A latent u becomes z = 2u - 1 in [-1, 1]^d, and that scale · z · A, where A [d, soft_tokens · hidden]
    depends on the seed alone. ``uniform`` entries lie in (-1, 1), as published. ``normal`` entries have
    the deviation at which, at scale 1, the elements of soft prompts from uniformly drawn latents spread
    like the model's own embeddings: rms / sqrt(d/3), because the elements of z have variance 1/3.
    """

    def __init__(
        self,
        kind: Literal["uniform", "normal"],
        *,
        latent_dim: int,
        soft_tokens: int,
        hidden: int,
        rms: float,
        seed: int,
    ) -> None:
        random = torch.Generator().manual_seed(derive_seed(seed, "projection"))
        shape = (latent_dim, soft_tokens * hidden)
        self._shape = (soft_tokens, hidden)
        spread = math.sqrt(latent_dim / 3)
        if kind == "uniform":
            self._matrix = torch.rand(shape, generator=random) * 2 - 1
            entry_rms = 1 / math.sqrt(3)
        else:
            entry_rms = rms / spread
            self._matrix = torch.randn(shape, generator=random) * entry_rms
        self._unit = rms / (entry_rms * spread)

    def scale_of(self, strength: float) -> float:
        """Return the scale at which soft tokens are ``strength`` times as large as embeddings."""
        return strength * self._unit

    def strength_of(self, scale: float) -> float:
        """Return how many times as large as embeddings soft tokens are at ``scale``."""
        return scale / self._unit

    def soft_prompts(self, latents: Sequence[Latent], scale: float) -> Tensor:
        """Return [len(latents), soft_tokens, hidden], float32, on the CPU."""
        box = torch.tensor(latents, dtype=torch.float64) * 2 - 1
        # In double precision, so that a latent's soft prompt does not depend on the batch it comes in.
        projected = (box @ self._matrix.double() * scale).float()
        return projected.reshape(len(latents), *self._shape)


def latent_seed(seed: int, purpose: str, latent: Latent) -> int:
    """Return a seed for ``purpose`` that is the latent's own, so that no other latent beside it matters."""
    return derive_seed(seed, purpose, *(float(number).hex() for number in latent))
