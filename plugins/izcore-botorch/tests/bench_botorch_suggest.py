"""Seconds that one suggestion takes: ``python plugins/izcore-botorch/tests/bench_botorch_suggest.py``.

10 dimensions, 20 examples, 25 latents. Every trial has an instruction of its own, which is the dearest
case; surrogates that choose from a pool have one of 300, with hidden states of 576 numbers, and
``structured`` has 1,000 sentences at hand and 12 cells. The ratio is to the same surrogate at 25 trials.
``--max-trials`` lifts or lowers the cap on what the model sees; ``--sizes``, ``--surrogates``,
``--optimizer`` and ``--acquisition`` choose what is measured.
"""

import argparse
import importlib
import time

import msgspec
import numpy as np

from izcore.plugin import (
    BackendContext,
    Candidate,
    CoordinateChoices,
    SuggestRequest,
    Trial,
    sobol_latents,
)
from izcore_botorch.plugin import izcore_surrogates

DIMENSION, EXAMPLES, COUNT = 10, 20, 25
POOL, FEATURES = 300, 576
SENTENCES = 1000
COORDINATES = (
    CoordinateChoices(name="form", values=("none", "answer", "number", "label")),
    CoordinateChoices(name="placement", values=("system", "before", "after")),
)
WORDS = ("write", "find", "answer", "word", "animal", "opposite", "reply", "name", "list", "count", "last")


def candidates(latents: tuple[tuple[float, ...], ...], seed: int) -> tuple[Candidate, ...]:
    """Candidates with hidden states and instructions of ten words."""
    rng = np.random.default_rng(seed)
    return tuple(
        Candidate(
            latent=latent,
            instruction=" ".join([*rng.choice(WORDS, 9), f"{seed}-{index}"]),
            features=tuple(rng.normal(size=FEATURES).tolist()),
        )
        for index, latent in enumerate(latents)
    )


def history(size: int) -> tuple[Trial, ...]:
    """Trials whose scores fall off with the distance from a point, and are as noisy as 20 examples are."""
    rng = np.random.default_rng(0)
    latents = sobol_latents(size, DIMENSION, 0)
    chance = np.exp(-((np.array(latents) - 0.6) ** 2).sum(axis=1))
    scores = (rng.random((size, EXAMPLES)) < chance[:, None]).astype(float)
    return tuple(
        Trial(
            index=index,
            round=index // COUNT,
            candidate=candidate,
            scores=tuple(row),
        )
        for index, (candidate, row) in enumerate(zip(candidates(latents, 0), scores.tolist(), strict=True))
    )


def with_cells(request: SuggestRequest) -> SuggestRequest:
    """The same trials, each completed with a choice of both coordinates, and 1,000 sentences at hand."""
    completed = [
        msgspec.structs.replace(
            trial,
            candidate=msgspec.structs.replace(
                trial.candidate,
                latent=(*trial.candidate.latent, 0.0, 0.0),
                body=trial.candidate.instruction,
                coordinates=tuple(
                    (each.name, each.values[trial.index % len(each.values)]) for each in COORDINATES
                ),
            ),
        )
        for trial in request.history
    ]
    return msgspec.structs.replace(
        request,
        history=tuple(completed),
        latent_dim=DIMENSION + len(COORDINATES),
        coordinates=COORDINATES,
        bodies=candidates(sobol_latents(SENTENCES, DIMENSION, 0), 0),
    )


def main() -> None:
    """Measure and print one line per surrogate and size."""
    backends = {backend.name: backend for backend in izcore_surrogates()}
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--sizes", type=int, nargs="+", default=[25, 150, 500, 1000])
    arguments.add_argument("--surrogates", nargs="+", choices=backends, default=list(backends))
    arguments.add_argument("--optimizer", choices=["pool", "cmaes", "gradient"])
    arguments.add_argument("--acquisition", choices=["ei", "log_ei", "nei", "thompson"])
    arguments.add_argument("--max-trials", type=int)
    chosen = arguments.parse_args()
    changes = {
        "optimizer": chosen.optimizer,
        "acquisition": chosen.acquisition,
        "max_trials": chosen.max_trials,
    }
    changes = {key: value for key, value in changes.items() if value is not None}
    context = BackendContext(seed=0, cache_dir="", data_dir="")
    print(f"{'surrogate':32} {'trials':>7} {'seconds':>8} {'cpu':>8} {'ratio':>7}")
    written = candidates(sobol_latents(POOL, DIMENSION, 1), 1)
    for name in chosen.surrogates:
        module, _, factory = backends[name].factory.partition(":")
        made = getattr(importlib.import_module(module), factory)
        options = backends[name].options
        known = {key: value for key, value in changes.items() if key in options.__struct_fields__}
        surrogate = made(msgspec.convert(known, options), context)
        pool = written if name in ("pool-gp", "instinct", "zopo") else ()
        surrogate.suggest(
            SuggestRequest(history=history(25), count=2, latent_dim=DIMENSION, seed=0, pool=pool)
        )
        base = 0.0
        for size in chosen.sizes:
            request = SuggestRequest(
                history=history(size), count=COUNT, latent_dim=DIMENSION, seed=0, pool=pool
            )
            if name == "structured":
                request = with_cells(request)
            wall, cpu = time.perf_counter(), time.process_time()
            surrogate.suggest(request)
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            base = base or wall
            print(f"{name:32} {size:7d} {wall:8.2f} {cpu:8.2f} {wall / base:7.1f}", flush=True)


if __name__ == "__main__":
    main()
