"""Quality against paid calls: every method and every ingredient of the default, replayed on the worlds.

    python tests/benchmarks/bench_latent_search.py                      the table in docs/method.md, 100 seeds
    python tests/benchmarks/bench_latent_search.py --seeds 20 --methods nei,instinct --processes 4

A replay is the real loop; only generator and black box answer from the record. For each method:

- the quality, on examples that the search never saw, of the instruction that it would choose after so many
  calls: mean over worlds and seeds;
- after how many calls that mean reaches what the published algorithm (``paper``) reaches in the end, with a
  95% interval (percentile bootstrap over the seeds of each world, 2,000 resamples of both methods), and as a
  share of the calls that ``paper`` took. The published code itself pays for 3,000 calls a run: it scores
  repeated instructions again, which ``paper`` does not.

The table takes about forty minutes on two cores, a further method with a Gaussian process as long alone.
Curves are kept in the cache folder, so that a benchmark that was stopped goes on where it stood. They know
of changes to methods and to ``replay``, not of changes to the loop or a surrogate: then empty that folder.
"""

import argparse
import hashlib
import inspect
import json
import os
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parent / "worlds"))

from curves import Curve
from replay import AT_CALLS, METHODS, registry_with_worlds, replay
from world import SYNTHETIC, load, recorded

from izcore.config.paths import Paths

REFERENCE = "paper"
TABLED = (
    *(REFERENCE, "uniform", "sobol", "default"),
    *("without retest", "without halving", "racing", "thirds"),
    *("150 latents", "400 latents", "one round", "pool sobol"),
)
RESAMPLES = 2000
GRID = np.arange(20, 3001, 10)

Array = NDArray[np.float64]


def main() -> None:
    """Replay what is not known yet, and print the table."""
    parser = argparse.ArgumentParser(description="Quality against paid calls, replayed on the worlds.")
    parser.add_argument("--worlds", default=",".join([*recorded(), *SYNTHETIC]))
    parser.add_argument("--methods", default=",".join(TABLED))
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    worlds, methods = (
        arguments.worlds.split(","),
        list(dict.fromkeys([REFERENCE, *arguments.methods.split(",")])),
    )
    cells = [(world, method, arguments.seeds) for method in methods for world in worlds]
    with ProcessPoolExecutor(arguments.processes, initializer=_one_thread) as pool:
        curves = dict(zip(cells, pool.map(curves_of, cells), strict=True))
    qualities = {m: [curves[w, m, arguments.seeds][0] for w in worlds] for m in methods}
    spent = {m: float(np.mean([curves[w, m, arguments.seeds][1] for w in worlds])) for m in methods}
    _print_table(qualities, spent, seeds=arguments.seeds)


def curves_of(cell: tuple[str, str, int]) -> tuple[Array, float]:
    """Return quality at each number of calls of the grid, (seeds, grid), and the calls of a whole run.

    Replays one method on one world; what was replayed before with the same settings is read from disk.
    """
    name, method, seeds = cell
    settings = json.dumps([METHODS[method], inspect.getsource(replay), name], sort_keys=True)
    key = hashlib.sha256(settings.encode()).hexdigest()[:24]
    known = Paths.of_this_user().cache / "replays" / f"{key}.json"
    points: list[list[list[float]]] = json.loads(known.read_text()) if known.exists() else []
    if len(points) < seeds:
        registry, world = registry_with_worlds(), load(name)
        with tempfile.TemporaryDirectory() as folder:
            for seed in range(len(points), seeds):
                curve = replay(registry, world, METHODS[method], seed, Path(folder))
                points.append([list(curve.calls), list(curve.quality)])
        known.parent.mkdir(parents=True, exist_ok=True)
        known.write_text(json.dumps(points))
        print(f"{name}, {method}: replayed", file=sys.stderr, flush=True)
    curves = [
        Curve(calls=tuple(map(int, calls)), quality=tuple(quality)) for calls, quality in points[:seeds]
    ]
    quality = np.array([[curve.at(calls) for calls in GRID] for curve in curves])
    return quality, float(np.mean([curve.calls[-1] for curve in curves]))


def calls_to_reach(quality: Array, target: float) -> float:
    """Return after how many calls a mean curve, (grid,), first reaches ``target``; infinity if never."""
    reached = np.flatnonzero(quality >= target)
    return float(GRID[reached[0]]) if len(reached) else np.inf


def _print_table(qualities: dict[str, list[Array]], spent: dict[str, float], *, seeds: int) -> None:
    rng = np.random.default_rng(0)
    draws = [rng.integers(seeds, size=(2, seeds)) for _ in range(RESAMPLES)]
    target = np.mean([quality[:, -1].mean() for quality in qualities[REFERENCE]])
    print(f"{len(qualities[REFERENCE])} worlds, {seeds} seeds each; to reach: {target:.3f}")
    print(
        f"{'method':<18}"
        + "".join(f"{f'at {c}':>8}" for c in AT_CALLS)
        + "   in all   calls to reach   share of paper"
    )
    for method, of_worlds in qualities.items():
        mean = np.mean([quality.mean(0) for quality in of_worlds], axis=0)
        at = "".join(f"{mean[int(np.searchsorted(GRID, calls))]:8.3f}" for calls in AT_CALLS)
        reached = []
        for own, reference in draws:
            wanted = np.mean([quality[reference, -1].mean() for quality in qualities[REFERENCE]])
            resampled = np.mean([quality[own].mean(0) for quality in of_worlds], axis=0)
            reached.append(calls_to_reach(resampled, float(wanted)))
        low, high = np.quantile(reached, (0.025, 0.975), method="inverted_cdf")
        calls = calls_to_reach(mean, float(target))
        share = (
            f"{calls / spent[REFERENCE]:.2f} ({low / spent[REFERENCE]:.2f} to {high / spent[REFERENCE]:.2f})"
        )
        print(
            f"{method:<18}{at}  {spent[method]:6.0f}   {calls:5.0f} ({low:.0f} to {high:.0f})   {share}",
            flush=True,
        )


def _one_thread() -> None:
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


if __name__ == "__main__":
    main()
