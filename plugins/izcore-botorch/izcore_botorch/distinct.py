"""Keeps suggestions apart from each other and from what was tried."""

import numpy as np

from izcore.plugin import Latent, SuggestRequest, derive_seed, sobol_latents
from izcore_botorch.history import Array

SEPARATION = 1e-6
"""Two latents are the same if no coordinate differs by more than this."""

_FIRST_STEP = 0.01


def make_distinct(proposed: Array, request: SuggestRequest) -> tuple[Latent, ...]:
    """Return ``request.count`` distinct latents that are not among the trials either.

    ``proposed`` (at most count, d) are taken as they are where they can be. One that coincides with a
    trial or with an earlier one moves by a random step, reflected at the walls, that doubles from 0.01
    until the place is free. What is missing is filled with Sobol points.
    """
    rng = np.random.default_rng(derive_seed(request.seed, "distinct"))
    tried = [t.candidate.latent for t in request.history if len(t.candidate.latent) == request.latent_dim]
    taken = np.array(tried, dtype=np.float64).reshape(-1, request.latent_dim)
    filling = sobol_latents(request.count - len(proposed), request.latent_dim, request.seed)
    chosen: list[Latent] = []
    for proposal in [*proposed, *map(np.array, filling)]:
        latent, step = np.clip(proposal, 0.0, 1.0), _FIRST_STEP
        while _coincides(latent, taken):
            latent = reflect(proposal + step * rng.normal(size=len(proposal)))
            step = min(2 * step, 1.0)
        taken = np.concatenate([taken, latent[None]])
        chosen.append(tuple(latent.tolist()))
    return tuple(chosen)


def _coincides(latent: Array, taken: Array) -> bool:
    return bool((np.abs(taken - latent).max(axis=1, initial=0.0) <= SEPARATION).any())


def reflect(latent: Array) -> Array:
    """Fold the real line into [0, 1], as if its ends were mirrors."""
    folded: Array = 1 - np.abs(np.mod(latent, 2.0) - 1)
    return folded


def first_of_pool(request: SuggestRequest) -> tuple[Latent, ...]:
    """Return the latents of the pool's first ``request.count`` members."""
    return tuple(candidate.latent for candidate in request.pool[: request.count])
