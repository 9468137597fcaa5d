"""Do the surrogates search? Regret on synthetic landscapes against Sobol points, the same seeds for all.

Run as a program, this file prints the table of the README.
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np
import pytest

from izcore.plugin import (
    BackendContext,
    Candidate,
    Latent,
    SuggestRequest,
    SuggestResult,
    Surrogate,
    Trial,
    derive_seed,
    sobol_latents,
)
from izcore_sklearn.forest import ForestSurrogate
from izcore_sklearn.gaussian_process import GaussianProcessSurrogate
from izcore_sklearn.options import ForestOptions, GaussianProcessOptions

LATENT_DIM = 10
EXAMPLES = 20
BATCH = 25


class Landscape(Protocol):
    """What instruction a latent writes, and the accuracy that the instruction truly has."""

    best: float

    def instruction(self, latent: Latent) -> str: ...

    def accuracy(self, latent: Latent) -> float: ...


class Sentences:
    """Many-to-one: the nearest of random centres decides the sentence.

    ``related`` sentences have an accuracy that changes smoothly from centre to centre, up to some
    scatter; unrelated ones each have their own. One sentence can cover the share ``giant`` of the box.
    """

    def __init__(self, seed: int, centres: int, *, related: bool, giant: float = 0.0) -> None:
        rng = np.random.default_rng(seed)
        self._centres = rng.random((centres, LATENT_DIM))
        self._reach = np.zeros(centres)
        if related:
            squared = ((self._centres - rng.random(LATENT_DIM)) ** 2).sum(axis=1)
            height = np.exp(-squared / (2 * 0.35**2 * LATENT_DIM / 3))
            height = (height - height.min()) / (height.max() - height.min())
            self._accuracy = np.clip(0.05 + 0.8 * height + rng.normal(0, 0.08, centres), 0, 1)
        else:
            self._accuracy = rng.beta(0.8, 2, centres)
        if giant:
            self._accuracy[0] = min(self._accuracy[0], 0.4)
            squared = ((rng.random((1500, 1, LATENT_DIM)) - self._centres) ** 2).sum(axis=2)
            self._reach[0] = np.quantile(squared[:, 0] - squared[:, 1:].min(axis=1), giant)
        self.best = float(self._accuracy.max())

    def _index(self, latent: Latent) -> int:
        return int((((self._centres - latent) ** 2).sum(axis=1) - self._reach).argmin())

    def instruction(self, latent: Latent) -> str:
        return str(self._index(latent))

    def accuracy(self, latent: Latent) -> float:
        return float(self._accuracy[self._index(latent)])


class Hill:
    """Every latent writes its own instruction; accuracy has one peak of uneven width."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self._top = 0.2 + 0.6 * rng.random(LATENT_DIM)
        self._width = rng.uniform(0.4, 1.5, LATENT_DIM)
        self.best = 0.95

    def instruction(self, latent: Latent) -> str:
        return str(latent)

    def accuracy(self, latent: Latent) -> float:
        return float(0.05 + 0.9 * np.exp(-(((latent - self._top) / self._width) ** 2).sum() / 2))


class Sobol(Surrogate):
    """One Sobol sequence per run, with the same first points as the others."""

    def suggest(self, request: SuggestRequest) -> SuggestResult:
        if not request.history:
            self._seed = request.seed
        used = len(request.history)
        return SuggestResult(
            latents=sobol_latents(used + request.count, request.latent_dim, self._seed)[used:]
        )


CONTEXT = BackendContext(seed=0, cache_dir="", data_dir="")
SURROGATES: dict[str, Callable[[], Surrogate]] = {
    "sobol": Sobol,
    "sklearn-gp": lambda: GaussianProcessSurrogate(GaussianProcessOptions(), CONTEXT),
    "sklearn-forest": lambda: ForestSurrogate(ForestOptions(), CONTEXT),
}
LANDSCAPES: dict[str, Callable[[int], Landscape]] = {
    "each latent its own instruction, one hill": Hill,
    "1000 related sentences": lambda seed: Sentences(seed, 1000, related=True),
    "200 related sentences": lambda seed: Sentences(seed, 200, related=True),
    "300 related sentences, one covers half": lambda seed: Sentences(seed, 300, related=True, giant=0.5),
    "200 unrelated sentences": lambda seed: Sentences(seed, 200, related=False),
}


def regret(surrogate: Surrogate, landscape: Landscape, seed: int, rounds: int) -> tuple[float, int]:
    """Return how far the trial with the best mean is from the best accuracy, and the sentences paid for."""
    history: list[Trial] = []
    first: dict[str, Trial] = {}
    for round_ in range(rounds + 1):
        request = SuggestRequest(
            history=tuple(history),
            count=BATCH,
            latent_dim=LATENT_DIM,
            seed=derive_seed(seed, "suggest", round_),
            initial=BATCH,
        )
        for latent in surrogate.suggest(request).latents:
            instruction = landscape.instruction(latent)
            earlier = first.get(instruction)
            answers = np.random.default_rng(derive_seed(seed, instruction)).random(EXAMPLES)
            trial = Trial(
                index=len(history),
                round=round_,
                candidate=Candidate(latent=latent, instruction=instruction),
                scores=tuple(float(x) for x in answers < landscape.accuracy(latent)),
                reused=None if earlier is None else earlier.index,
            )
            history.append(trial)
            first.setdefault(instruction, trial)
    winner = max(history, key=lambda trial: trial.mean or 0.0)
    return landscape.best - landscape.accuracy(winner.candidate.latent), len(first)


def regrets(surrogate: str, landscape: str, seeds: range, rounds: int) -> np.ndarray:
    """Return regret and paid sentences for each seed."""
    runs = [regret(SURROGATES[surrogate](), LANDSCAPES[landscape](seed), seed, rounds) for seed in seeds]
    return np.array(runs)


@pytest.mark.parametrize("landscape", ["each latent its own instruction, one hill", "1000 related sentences"])
@pytest.mark.parametrize("surrogate", ["sklearn-gp", "sklearn-forest"])
def test_where_neighbours_are_alike_the_search_beats_sobol(surrogate: str, landscape: str) -> None:
    searched = regrets(surrogate, landscape, seeds=range(20), rounds=3)[:, 0]
    sobol = regrets("sobol", landscape, seeds=range(20), rounds=3)[:, 0]
    assert searched.mean() < 0.85 * sobol.mean()
    difference = sobol - searched
    assert difference.mean() > 2 * difference.std() / np.sqrt(len(difference))


def test_where_one_sentence_covers_half_the_search_still_beats_sobol() -> None:
    searched = regrets("sklearn-gp", "300 related sentences, one covers half", seeds=range(20), rounds=3)
    sobol = regrets("sobol", "300 related sentences, one covers half", seeds=range(20), rounds=3)
    assert searched[:, 0].mean() < sobol[:, 0].mean()


if __name__ == "__main__":
    # Seeds that no setting of the surrogates was chosen on.
    for landscape in LANDSCAPES:
        for surrogate in SURROGATES:
            table = regrets(surrogate, landscape, seeds=range(1000, 1030), rounds=5)
            error = table[:, 0].std() / np.sqrt(len(table))
            print(
                f"{landscape:42} {surrogate:15} regret {table[:, 0].mean():.3f} ± {error:.3f}, "
                f"{table[:, 1].mean():.0f} paid for",
                flush=True,
            )
