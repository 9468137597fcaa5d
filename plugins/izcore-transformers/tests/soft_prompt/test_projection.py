"""Latents become soft prompts of the right size and place, by the seed alone."""

import math
from typing import Literal

import pytest
import torch

from izcore.plugin import sobol_latents
from izcore_transformers.soft_prompt.projection import Projection

RMS = 0.02


def projection(kind: Literal["uniform", "normal"] = "uniform", seed: int = 1) -> Projection:
    return Projection(kind, latent_dim=10, soft_tokens=5, hidden=128, rms=RMS, seed=seed)


def rms(values: torch.Tensor) -> float:
    return float(values.square().mean().sqrt())


@pytest.mark.parametrize("kind", ["uniform", "normal"])
def test_strength_is_the_size_of_soft_tokens_in_sizes_of_embeddings(
    kind: Literal["uniform", "normal"],
) -> None:
    made = projection(kind)
    latents = sobol_latents(256, 10, 3)
    assert rms(made.soft_prompts(latents, made.scale_of(4))) == pytest.approx(4 * RMS, rel=0.05)


def test_normal_matches_the_embeddings_at_scale_one() -> None:
    assert projection("normal").scale_of(1) == pytest.approx(1)


def test_uniform_is_the_published_projection() -> None:
    corner = projection().soft_prompts([(1.0,) + (0.5,) * 9], 1.0)
    assert corner.shape == (1, 5, 128)
    assert float(corner.abs().max()) < 1
    assert rms(corner) == pytest.approx(1 / math.sqrt(3), rel=0.05)


def test_the_middle_of_the_cube_is_no_soft_prompt_and_opposite_corners_are_opposite() -> None:
    middle, low, high = projection().soft_prompts([(0.5,) * 10, (0.0,) * 10, (1.0,) * 10], 1.0)
    assert not middle.any()
    assert torch.equal(low, -high)


def test_a_soft_prompt_depends_on_seed_and_latent_not_on_its_batch() -> None:
    latents = sobol_latents(9, 10, 3)
    together = projection().soft_prompts(latents, 0.5)
    alone = torch.cat([projection().soft_prompts([latent], 0.5) for latent in latents])
    assert torch.equal(together, alone)
    assert not torch.equal(together, projection(seed=2).soft_prompts(latents, 0.5))
