"""Histories to suggest from, and what every suggestion must hold."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from izcore.plugin import (
    BackendContext,
    Candidate,
    SuggestRequest,
    Surrogate,
    Trial,
    derive_seed,
    sobol_latents,
)
from izcore_botorch.history import Array
from izcore_botorch.options import CompletedOptions, InstructionCoupledOptions, MaternOptions
from izcore_botorch.surrogates import InstructionCoupled, InstructionCoupledCompleted, Matern

CONTEXT = BackendContext(seed=0, cache_dir="", data_dir="")


@pytest.fixture(scope="session", params=["instruction-coupled", "instruction-coupled-completed", "matern"])
def surrogate(request: pytest.FixtureRequest) -> Surrogate:
    """Each surrogate in turn, with its defaults."""
    if request.param == "instruction-coupled":
        return InstructionCoupled(InstructionCoupledOptions(), CONTEXT)
    if request.param == "matern":
        return Matern(MaternOptions(), CONTEXT)
    return InstructionCoupledCompleted(CompletedOptions(), CONTEXT)


@pytest.fixture(scope="session")
def make_trials() -> Callable[..., tuple[Trial, ...]]:
    """Return a function that tries Sobol latents; the nearest of 40 centres decides the instruction."""

    def make(count: int, latent_dim: int = 4, examples: int = 10, seed: int = 0) -> tuple[Trial, ...]:
        rng = np.random.default_rng(seed)
        centres = rng.random((40, latent_dim))
        scores = (rng.random((40, examples)) < rng.random((40, 1))).astype(float)
        first: dict[int, int] = {}
        trials = []
        for index, latent in enumerate(sobol_latents(count, latent_dim, derive_seed(seed, "tried"))):
            cell = int(((centres - np.array(latent)) ** 2).sum(axis=1).argmin())
            trials.append(
                Trial(
                    index=index,
                    round=index // 25,
                    candidate=Candidate(latent=latent, instruction=f"instruction {cell}"),
                    scores=tuple(scores[cell].tolist()),
                    reused=first.get(cell),
                )
            )
            first.setdefault(cell, index)
        return tuple(trials)

    return make


@pytest.fixture(scope="session")
def trials_of() -> Callable[..., tuple[Trial, ...]]:
    """Return a function that makes trials of given latents and scores, each with its own instruction."""

    def make(
        latents: Sequence[Sequence[float]], scores: Sequence[Sequence[float | None]]
    ) -> tuple[Trial, ...]:
        return tuple(
            Trial(
                index=index,
                round=0,
                candidate=Candidate(latent=tuple(map(float, latent)), instruction=f"instruction {index}"),
                scores=tuple(row),
            )
            for index, (latent, row) in enumerate(zip(latents, scores, strict=True))
        )

    return make


@pytest.fixture(scope="session")
def suggest() -> Callable[..., Array]:
    """Return a function that asks a surrogate, checks what must always hold, and returns an array."""

    def ask(
        surrogate: Surrogate, history: tuple[Trial, ...], count: int = 5, dim: int = 4, seed: int = 5
    ) -> Array:
        request = SuggestRequest(history=history, count=count, latent_dim=dim, seed=seed)
        latents = np.array(surrogate.suggest(request).latents).reshape(-1, dim)
        assert latents.shape == (count, dim)
        assert np.isfinite(latents).all()
        assert ((latents >= 0) & (latents <= 1)).all()
        tried = np.array([t.candidate.latent for t in history if len(t.candidate.latent) == dim])
        everything = np.concatenate([tried.reshape(-1, dim), latents])
        for i in range(len(everything) - count, len(everything)):
            assert (np.abs(everything[:i] - everything[i]).max(axis=1) > 1e-6).all()
        return latents

    return ask
