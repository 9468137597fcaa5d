"""Does the search search? ``python plugins/izcore-botorch/tests/bench_botorch_regret.py``.

25 Sobol latents, then 5 rounds of 25 suggestions, on synthetic landscapes where many latents write the same
instruction: the nearest of K centres decides it, and each has its own chance to answer each of 20 examples,
drawn once. Printed are means over the seeds, with standard errors: regret on validation (best score there is
less best score found), regret in truth of the winner, and how many distinct instructions were paid for.
"""

import argparse
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from izcore.plugin import BackendContext, Candidate, Latent, SuggestRequest, Trial, derive_seed, sobol_latents
from izcore_botorch.history import Array
from izcore_botorch.options import CompletedOptions, InstructionCoupledOptions, MaternOptions
from izcore_botorch.surrogates import InstructionCoupled, InstructionCoupledCompleted, Matern

DIMENSION, EXAMPLES, COUNT, ROUNDS = 10, 20, 25, 5
CONTEXT = BackendContext(seed=0, cache_dir="", data_dir="")
Suggest = Callable[[SuggestRequest], tuple[Latent, ...]]

SURROGATES: dict[str, Suggest] = {
    "sobol": lambda r: sobol_latents(r.count, r.latent_dim, r.seed),
    "instruction-coupled": lambda r: (
        InstructionCoupled(InstructionCoupledOptions(), CONTEXT).suggest(r).latents
    ),
    "completed": lambda r: InstructionCoupledCompleted(CompletedOptions(), CONTEXT).suggest(r).latents,
    "completed, gradient": lambda r: (
        InstructionCoupledCompleted(CompletedOptions(optimizer="gradient"), CONTEXT).suggest(r).latents
    ),
    "completed, repeats ignored": lambda r: (
        InstructionCoupledCompleted(CompletedOptions(repeats="ignored"), CONTEXT).suggest(r).latents
    ),
    "matern": lambda r: Matern(MaternOptions(), CONTEXT).suggest(r).latents,
    "matern, repeats ignored": lambda r: Matern(MaternOptions(repeats="ignored"), CONTEXT).suggest(r).latents,
}


class Kind(NamedTuple):
    """``centres`` instructions; what of their quality varies smoothly, over what distance; cell sizes."""

    centres: int
    smooth: float
    distance: float
    uneven: bool


KINDS = {
    "no structure, even cells": Kind(100, 0.0, 0.6, False),
    "some structure, uneven cells": Kind(100, 0.8, 0.6, True),
    "strong structure, small cells": Kind(400, 0.92, 1.0, False),
}


class Landscape:
    """Where instructions are, and what each scores on each example."""

    def __init__(self, kind: Kind, seed: int) -> None:
        rng = np.random.default_rng([seed, 7])
        self.centres = rng.random((kind.centres, DIMENSION))
        self.advantage = rng.exponential(0.15, kind.centres) * kind.uneven
        # Random Fourier features of a squared-exponential kernel make a smooth field.
        frequencies = rng.normal(size=(DIMENSION, 300)) / kind.distance
        waves = np.cos(self.centres @ frequencies + 2 * np.pi * rng.random(300))
        field = waves @ rng.normal(size=300)
        rough = rng.normal(size=kind.centres)
        quality = kind.smooth * (field - field.mean()) / field.std() + (1 - kind.smooth**2) ** 0.5 * rough
        difficulty = 1 + rng.normal(size=EXAMPLES)
        own = 0.7 * rng.normal(size=(kind.centres, EXAMPLES))
        chance = 1 / (1 + np.exp(-(1.3 * quality[:, None] - difficulty + own)))
        self.truth = chance.mean(axis=1)
        self.scores = (rng.random(chance.shape) < chance).astype(float)

    def instruction(self, latent: Latent) -> int:
        """Return the number of the instruction that ``latent`` writes."""
        return int((((self.centres - np.array(latent)) ** 2).sum(axis=1) - self.advantage).argmin())


def search(landscape: Landscape, suggest: Suggest, seed: int) -> tuple[float, float, float]:
    """Return regret on validation, regret in truth, and distinct instructions after all rounds."""
    history: list[Trial] = []
    first: dict[int, int] = {}
    latents = sobol_latents(COUNT, DIMENSION, derive_seed(seed, 0))
    for turn in range(ROUNDS + 1):
        if turn:
            asked = SuggestRequest(
                history=tuple(history), count=COUNT, latent_dim=DIMENSION, seed=derive_seed(seed, turn)
            )
            latents = suggest(asked)
        for latent in latents:
            written = landscape.instruction(latent)
            history.append(
                Trial(
                    index=len(history),
                    round=turn,
                    candidate=Candidate(latent=latent, instruction=str(written)),
                    scores=tuple(landscape.scores[written].tolist()),
                    reused=first.get(written),
                )
            )
            first.setdefault(written, len(history) - 1)
    found = list(first)
    means = landscape.scores.mean(axis=1)
    winner = found[int(means[found].argmax())]
    return means.max() - means[winner], landscape.truth.max() - landscape.truth[winner], len(found)


def mean_and_error(values: Array) -> str:
    """Return ``values`` as mean and standard error."""
    return f"{values.mean():.3f} ± {values.std() / len(values) ** 0.5:.3f}"


def main() -> None:
    """Run every search on every kind of landscape and print one line each."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seeds", type=int, default=24)
    arguments.add_argument("--surrogates", nargs="+", choices=SURROGATES, default=list(SURROGATES))
    chosen = arguments.parse_args()
    print(f"{'landscape':30} {'surrogate':27} {'on validation':15} {'in truth':15} distinct")
    for title, kind in KINDS.items():
        for name in chosen.surrogates:
            runs = [search(Landscape(kind, seed), SURROGATES[name], seed) for seed in range(chosen.seeds)]
            validation, truth, distinct = np.array(runs).T
            print(
                f"{title:30} {name:27} {mean_and_error(validation):15} {mean_and_error(truth):15} "
                f"{distinct.mean():8.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
