"""Surrogates that learn nothing from the history: the baselines of every comparison."""

import random

from izcore.plugin import BackendContext, Options, SuggestRequest, SuggestResult, Surrogate, sobol_latents


class SobolSurrogate(Surrogate):
    """One scrambled Sobol sequence per run, continued from round to round."""

    def __init__(self, options: Options, context: BackendContext) -> None:
        self._seed = context.seed

    def suggest(self, request: SuggestRequest) -> SuggestResult:
        """Return the points of the sequence that follow those already used."""
        used = len(request.history)
        points = sobol_latents(used + request.count, request.latent_dim, self._seed)
        return SuggestResult(latents=points[used:])


class RandomSurrogate(Surrogate):
    """Independent uniform latents."""

    def __init__(self, options: Options, context: BackendContext) -> None:
        pass

    def suggest(self, request: SuggestRequest) -> SuggestResult:
        """Draw from the request's seed."""
        draw = random.Random(request.seed)
        return SuggestResult(
            latents=tuple(
                tuple(draw.random() for _ in range(request.latent_dim)) for _ in range(request.count)
            )
        )
