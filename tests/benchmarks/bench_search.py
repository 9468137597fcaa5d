"""Quality against paid calls: every method and every ingredient, replayed on recorded worlds of answers.

    python tests/benchmarks/bench_search.py                      100 seeds, on the worlds to report on
    python tests/benchmarks/bench_search.py --role tune --seeds 20 --methods "sentences;coordinates"

A replay is the real loop; only sentences and answers come from the record. The table tells, on examples
that no choice saw, how good the candidate is that a method would choose after so many calls: the mean over
worlds and seeds. Differences to the reference are paired by seed, which draws the same splits and the same
order of sentences for all methods, with 95% intervals (percentile bootstrap over the seeds of each world,
2,000 resamples). Worlds for tuning and worlds for reporting are never in one table.

Replays are kept in the cache folder, ten seeds at a time, so that a benchmark that was stopped goes on
where it stood. They know of changes to methods, worlds and ``replay_answers``, not of changes to the loop
or a surrogate: then empty that folder.
"""

import argparse
import hashlib
import inspect
import json
import os
import sys
import tempfile
import warnings
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parent / "worlds"))

from answer_backends import registry_with_answers
from answer_world import HERE, SUFFIX, answer_worlds, load_answers
from curves import Curve
from replay_answers import METHODS, exact_matches, replay_answers

from izcore.config.paths import Paths
from izcore.plugin.errors import IzWarning

AT_CALLS = (100, 250, 500, 1000)
TOGETHER = 10
RESAMPLES = 2000
REFERENCE = "sentences"

Array = NDArray[np.float64]
Part = tuple[str, str, int]
"""World, method and the first seed of ten."""


def main() -> None:
    """Replay what is not known yet, and print a table."""
    parser = argparse.ArgumentParser(description="Quality against paid calls, replayed on worlds of answers.")
    parser.add_argument("--role", choices=("tune", "report"), default="report")
    parser.add_argument("--worlds", help="some of the role's worlds; all unless given")
    parser.add_argument("--methods", default=";".join(METHODS))
    parser.add_argument("--reference", choices=METHODS, default=REFERENCE, metavar="METHOD")
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    worlds = answer_worlds(arguments.role)
    if arguments.worlds:
        worlds = [name for name in worlds if name in arguments.worlds.split(",")]
    if not worlds:
        parser.error(f"no world to {arguments.role} on is recorded; see tests/benchmarks/worlds/README.md")
    methods = list(dict.fromkeys([arguments.reference, *arguments.methods.split(";")]))
    if unknown := set(methods) - set(METHODS):
        parser.error(f"no method {', '.join(sorted(unknown))}; there are: {', '.join(METHODS)}")
    parts = [
        (world, method, first)
        for first in range(0, arguments.seeds, TOGETHER)
        for method in methods
        for world in worlds
    ]
    with ProcessPoolExecutor(arguments.processes, initializer=_quiet_with_one_thread) as pool:
        curves = dict(zip(parts, pool.map(curves_of, parts), strict=True))
    found = {
        method: {
            world: [
                curve
                for first in range(0, arguments.seeds, TOGETHER)
                for curve in curves[world, method, first]
            ][: arguments.seeds]
            for world in worlds
        }
        for method in methods
    }
    _describe(worlds)
    print_table(found, arguments.reference)


def curves_of(part: Part) -> list[Curve]:
    """Return the curves of ten seeds; what was replayed before with the same settings is read from disk."""
    name, method, first = part
    recorded = hashlib.sha256((HERE / f"{name}{SUFFIX}").read_bytes()).hexdigest()
    settings = json.dumps(
        [METHODS[method], inspect.getsource(replay_answers), recorded, first], sort_keys=True
    )
    key = hashlib.sha256(settings.encode()).hexdigest()[:24]
    known = Paths.of_this_user().cache / "replays" / f"{key}.json"
    if not known.exists():
        registry, world = registry_with_answers(), load_answers(name)
        with tempfile.TemporaryDirectory() as folder:
            curves = [
                replay_answers(registry, world, METHODS[method], seed, Path(folder))
                for seed in range(first, first + TOGETHER)
            ]
        known.parent.mkdir(parents=True, exist_ok=True)
        known.write_text(json.dumps([[curve.calls, curve.quality] for curve in curves]))
        print(f"{name}, {method}: seeds {first} to {first + TOGETHER - 1}", file=sys.stderr, flush=True)
    return [Curve(tuple(calls), tuple(quality)) for calls, quality in json.loads(known.read_text())]


def print_table(found: dict[str, dict[str, list[Curve]]], reference: str) -> None:
    """Print quality by calls, and differences to the reference, of each method's curves by world."""
    print(
        f"\n{'method':<28}"
        + "".join(f"{f'at {calls}':>9}" for calls in AT_CALLS)
        + "   in all   "
        + "".join(f"{f'difference at {calls}':>26}" for calls in AT_CALLS[1:])
    )
    for method, of_worlds in found.items():
        quality = {calls: [_at(curves, calls) for curves in of_worlds.values()] for calls in AT_CALLS}
        spent = np.mean([curve.calls[-1] for curves in of_worlds.values() for curve in curves])
        row = f"{method:<28}" + "".join(f"{np.mean(quality[calls]):9.3f}" for calls in AT_CALLS)
        row += f"   {spent:6.0f}   "
        if method != reference:
            for calls in AT_CALLS[1:]:
                pairs = [
                    own - _at(found[reference][world], calls)
                    for world, own in zip(of_worlds, quality[calls], strict=True)
                ]
                low, high = interval_of_mean(pairs)
                row += f"{f'{np.mean(pairs):+.3f} ({low:+.3f} to {high:+.3f})':>26}"
        print(row, flush=True)


def interval_of_mean(of_worlds: Sequence[Array]) -> tuple[float, float]:
    """Return a 95% interval of the mean over worlds of their means over seeds, by percentile bootstrap."""
    rng = np.random.default_rng(0)
    means = [
        np.mean([values[rng.integers(len(values), size=len(values))].mean() for values in of_worlds])
        for _ in range(RESAMPLES)
    ]
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)


def _describe(worlds: Sequence[str]) -> None:
    for name in worlds:
        world, right = load_answers(name), exact_matches(name).mean(2)
        echo = world.header["echo"]
        print(
            f"{name}: {len(world.bodies)} bodies, {len(world.cells)} cells, {len(world.targets)} examples; "
            f"the user's sentence {right[0, 0]:.2f}, the best sentence {right[:, 0].max():.2f}, the best "
            f"candidate {right.max():.2f}; echo {echo['exact_match']:.2f} (contains {echo['contains']:.2f}), "
            f"always the same answer {world.constant:.2f}"
        )


def _at(curves: Sequence[Curve], calls: int) -> Array:
    return np.array([curve.at(calls) for curve in curves])


def _quiet_with_one_thread() -> None:
    # A world has few sentences, and says so in every replay that has seen them all.
    warnings.simplefilter("ignore", IzWarning)
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


if __name__ == "__main__":
    main()
