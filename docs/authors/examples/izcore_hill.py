"""A surrogate that takes random steps around the best latent so far."""

import random
from typing import Annotated

from izcore.plugin import (
    BackendContext,
    Latent,
    Meta,
    Options,
    SuggestRequest,
    SuggestResult,
    Surrogate,
    SurrogateRegistration,
    derive_seed,
    hookimpl,
    sobol_latents,
)

IZCORE_API = 1


class HillOptions(Options):
    """What a user can set."""

    step: Annotated[float, Meta(gt=0, le=1, description="Standard deviation of a step")] = 0.1


class Hill(Surrogate):
    """Remembers nothing: whatever it knows is in the request, and all chance comes from its seed."""

    def __init__(self, options: HillOptions, context: BackendContext) -> None:
        self._step = options.step

    def suggest(self, request: SuggestRequest) -> SuggestResult:
        """Spread out until the initial design is done and a trial has a score; then climb."""
        scored = [trial for trial in request.history if trial.objective is not None]
        if len(request.history) < request.initial or not scored:
            return SuggestResult(latents=sobol_latents(request.count, request.latent_dim, request.seed))
        best = max(scored, key=lambda trial: trial.objective or 0.0).candidate.latent
        draw = random.Random(derive_seed(request.seed, "hill"))
        return SuggestResult(latents=tuple(self._near(best, draw) for _ in range(request.count)))

    def _near(self, latent: Latent, draw: random.Random) -> Latent:
        return tuple(folded(x + draw.gauss(0, self._step)) for x in latent)


def folded(x: float) -> float:
    """Mirror a number at 0 and 1 until it lies between: cut off there, many steps would be the same."""
    x = abs(x) % 2
    return 2 - x if x > 1 else x


@hookimpl
def izcore_surrogates() -> list[SurrogateRegistration]:
    """Register the surrogate."""
    return [
        SurrogateRegistration(
            name="hill",
            summary="Random steps around the best latent",
            factory="izcore_hill:Hill",
            options=HillOptions,
        )
    ]
