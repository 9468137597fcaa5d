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
from izcore_botorch.hbbops import Hbbops
from izcore_botorch.history import Array
from izcore_botorch.instinct import Instinct
from izcore_botorch.options import (
    CompletedOptions,
    HbbopsOptions,
    InstinctOptions,
    InstructionCoupledOptions,
    MaternOptions,
    PoolProcessOptions,
    PrestoOptions,
    ZopoOptions,
)
from izcore_botorch.pool import PoolProcess
from izcore_botorch.presto import Presto
from izcore_botorch.surrogates import InstructionCoupled, InstructionCoupledCompleted, Matern
from izcore_botorch.zopo import Zopo

CONTEXT = BackendContext(seed=0, cache_dir="", data_dir="")


@pytest.fixture(scope="session", params=["instruction-coupled", "instruction-coupled-completed", "matern"])
def surrogate(request: pytest.FixtureRequest) -> Surrogate:
    """Each surrogate in turn, with its defaults."""
    if request.param == "instruction-coupled":
        return InstructionCoupled(InstructionCoupledOptions(), CONTEXT)
    if request.param == "matern":
        return Matern(MaternOptions(), CONTEXT)
    return InstructionCoupledCompleted(CompletedOptions(), CONTEXT)


POOL_SURROGATES = {
    "pool-gp on text": PoolProcess(PoolProcessOptions(), CONTEXT),
    "pool-gp on features": PoolProcess(PoolProcessOptions(on="features"), CONTEXT),
    "pool-gp on latents": PoolProcess(PoolProcessOptions(on="latents"), CONTEXT),
    "instinct": Instinct(InstinctOptions(steps=200), CONTEXT),
    "hbbops": Hbbops(HbbopsOptions(steps=20, interleaving=0.0), CONTEXT),
    "zopo": Zopo(ZopoOptions(), CONTEXT),
}


PRESTO = {"presto": Presto(PrestoOptions(steps=100), CONTEXT)}
"""It does not begin with the pool's first members, as all others do."""


EVERY_SURROGATE = POOL_SURROGATES | {
    "instruction-coupled": InstructionCoupled(InstructionCoupledOptions(), CONTEXT),
    "instruction-coupled-completed": InstructionCoupledCompleted(CompletedOptions(), CONTEXT),
    "matern": Matern(MaternOptions(), CONTEXT),
}


@pytest.fixture(scope="session", params=list(EVERY_SURROGATE))
def chooser(request: pytest.FixtureRequest) -> Surrogate:
    """Each surrogate that can choose from a pool, in turn: all of them."""
    return EVERY_SURROGATE[request.param]


@pytest.fixture(scope="session", params=[*POOL_SURROGATES, *PRESTO])
def pool_surrogate(request: pytest.FixtureRequest) -> Surrogate:
    """Each surrogate that chooses from a pool alone, in turn."""
    return (POOL_SURROGATES | PRESTO)[request.param]


WORDS = (
    *("write the answer", "pick one", "say it", "be brief", "list them", "repeat the input"),
    *("in capitals", "with care", "as a number", "without a word", "twice", "backwards"),
)


@pytest.fixture(scope="session")
def make_pool() -> Callable[..., tuple[tuple[Candidate, ...], Array]]:
    """Return a function that makes candidates of three phrases each and the chance of each to be right.

    The chance depends on the phrases, which is what text and features (six that count, six that do not) hold;
    latents know nothing of it.
    """

    def make(size: int, seed: int = 0) -> tuple[tuple[Candidate, ...], Array]:
        rng = np.random.default_rng(seed)
        worth, directions = rng.normal(size=len(WORDS)), rng.normal(size=(len(WORDS), 6))
        candidates, chances = [], []
        for number, latent in enumerate(sobol_latents(size, 4, derive_seed(seed, "pool"))):
            phrases = rng.choice(len(WORDS), 3, replace=False)
            features = np.concatenate(
                [[worth[phrases].sum()] * 3, directions[phrases].sum(0)[:3], rng.random(6)]
            )
            text = f"{', '.join(WORDS[phrase] for phrase in phrases)} ({number})"
            candidates.append(Candidate(latent=latent, instruction=text, features=tuple(features.tolist())))
            chances.append(1 / (1 + np.exp(-worth[phrases].sum())))
        return tuple(candidates), np.array(chances)

    return make


@pytest.fixture(scope="session")
def try_out() -> Callable[..., tuple[Trial, ...]]:
    """Return a function that scores candidates on 20 examples of rising difficulty, five to a round."""

    def score(candidates: Sequence[Candidate], chances: Sequence[float]) -> tuple[Trial, ...]:
        difficulty = (np.arange(20) + 0.5) / 20
        return tuple(
            Trial(
                index=index,
                round=index // 5,
                candidate=candidate,
                scores=tuple((chance > difficulty).astype(float).tolist()),
            )
            for index, (candidate, chance) in enumerate(zip(candidates, chances, strict=True))
        )

    return score


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
