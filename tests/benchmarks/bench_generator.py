"""What the generator is asked, one thing at a time: how many and how good sentences there are to choose from.

    python tests/benchmarks/bench_generator.py                   every variant on three bundled tasks
    python tests/benchmarks/bench_generator.py --variants "position first,no prefill" --processes 1
    python tests/benchmarks/bench_generator.py --tasks demo,FILE.json --seeds 2

The embedded model writes and answers. Each variant changes one setting of the default preset. On each task
the same latents write, and the first distinct instructions are scored on the same examples (``contains``).
The columns, means over tasks and seeds:

- distinct, fluent: instructions that differ, and those of them that calibration calls fluent;
- best of k: the score of the best of k instructions drawn at random, which is random search's curve. The
  choice is made on one half of the examples and the score taken on the other, over many ways to halve them;
- with sentence seeds, soft prompts begin from the best of the instructions that the defaults wrote and that
  were scored; what is written then is scored as all else is;
- difference: of the mean, and of the best of half as many as are scored, to the defaults, with a 95%
  interval (bootstrap over instructions and examples; the examples are shared). It says nothing about other
  tasks or seeds.

With ``--instructions 0`` nothing is scored: only the first two columns.

All that is written and scored is kept in the cache folder, so that a benchmark that was stopped goes on where
it stood. ``run.py`` runs it only by name, for it takes an hour or more of processor time.
"""

import argparse
import itertools
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent / "worlds"))

from best_of import best_of, deviation_of_difference
from generator_cells import DEMONSTRATIONS, Cell, Sizes, measure, one_thread

DEFAULTS = "defaults"
STRENGTH = "strength"
"""Size of soft tokens in sizes of the model's own embeddings, which a cell turns into a scale."""

VARIANTS: dict[str, dict[str, Any]] = {
    DEFAULTS: {},
    "projection normal": {"projection": "normal"},
    **{f"scale {strength}x": {STRENGTH: strength} for strength in (1, 4, 16, 64, 256, 1024)},
    **{f"temperature {temperature}": {"temperature": temperature} for temperature in (0.5, 0.7, 1.0)},
    **{f"sentence seeds {count}": {"sentence_seeds": count} for count in (1, 4)},
    "position first": {"position": "first"},
    "meta-prompt published": {"meta_prompt": "published"},
    "meta-prompt ape": {"meta_prompt": "ape"},
    "no prefill": {"prefill": ""},
    **{f"exemplars {count}": {"exemplars": count} for count in (1, 3, DEMONSTRATIONS)},
    "stop line": {"stop": "line"},
    "stop end": {"stop": "end"},
    **{f"soft tokens {count}": {"soft_tokens": count} for count in (1, 10)},
}


def main() -> None:
    """Measure what is not known yet, and print the table."""
    parser = argparse.ArgumentParser(description="What each setting of the generator gives to choose from.")
    parser.add_argument("--tasks", default="demo,articles,larger_number")
    parser.add_argument("--variants", default=",".join(VARIANTS))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--latents", type=int, default=64)
    parser.add_argument("--instructions", type=int, default=24)
    parser.add_argument("--examples", type=int, default=30)
    parser.add_argument("--answer-tokens", type=int, default=32)
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    sizes = Sizes(
        latents=arguments.latents,
        instructions=arguments.instructions,
        examples=arguments.examples,
        answer_tokens=arguments.answer_tokens,
    )
    variants = list(dict.fromkeys([DEFAULTS, *arguments.variants.split(",")]))
    places = list(itertools.product(arguments.tasks.split(","), range(arguments.seeds)))
    cells: dict[str, list[Cell]] = {}
    with ProcessPoolExecutor(arguments.processes, initializer=one_thread) as pool:
        cells[DEFAULTS] = list(pool.map(_cell, [(place, {}, sizes) for place in places]))
        scale_of_one = cells[DEFAULTS][0].scale_of_one
        asked = [
            (place, _settings(VARIANTS[variant], scale_of_one), sizes)
            for variant in variants[1:]
            for place in places
        ]
        measured = pool.map(_cell, asked)
        for variant in variants[1:]:
            cells[variant] = [next(measured) for _ in places]
    _print_table(cells, sizes)


def _settings(variant: dict[str, Any], scale_of_one: float) -> dict[str, Any]:
    if STRENGTH in variant:
        return {"scale": variant[STRENGTH] * scale_of_one}
    return variant


def _cell(asked: tuple[tuple[str, int], dict[str, Any], Sizes]) -> Cell:
    (task, seed), generator, sizes = asked
    cell = measure(task, seed, generator, sizes)
    print(f"{task} {seed} {generator}: {len(cell.instructions)} distinct", file=sys.stderr, flush=True)
    return cell


def _print_table(cells: dict[str, list[Cell]], sizes: Sizes) -> None:
    half, scale_of_one = sizes.instructions // 2, cells[DEFAULTS][0].scale_of_one
    counts = [k for k in (1, 4, 8, 16, 32) if k <= sizes.instructions]
    print(
        f"{len(cells[DEFAULTS])} tasks and seeds, {sizes.latents} latents, {sizes.examples} examples, "
        f"answers of {sizes.answer_tokens} tokens"
    )
    print(
        f"{'variant':<22}{'strength':>12}{'distinct':>10}{'fluent':>8}"
        + "".join(f"{f'best of {k}' if k > 1 else 'mean':>12}" for k in counts)
        + (f"{'difference':>18}{f'of best of {half}':>18}" if counts else "")
    )
    for variant, measured in cells.items():
        qualities = [_mean([best_of(np.array(cell.scores), k) for cell in measured]) for k in counts]
        print(
            f"{variant:<22}{_strengths(measured, scale_of_one):>12}"
            f"{_mean([len(cell.instructions) for cell in measured]):>10.1f}"
            f"{_mean([cell.fluent for cell in measured]):>8.1f}"
            + "".join(f"{quality:>12.3f}" for quality in qualities)
            + "".join(_difference(cells[DEFAULTS], measured, k) for k in (1, half) if counts),
            flush=True,
        )


def _difference(defaults: Sequence[Cell], variant: Sequence[Cell], k: int) -> str:
    if variant is defaults:
        return ""
    pairs = [(np.array(a.scores), np.array(b.scores)) for a, b in zip(variant, defaults, strict=True)]
    half = 1.96 * deviation_of_difference(pairs, k)
    difference = _mean([best_of(first, k) - best_of(second, k) for first, second in pairs])
    return f"   {difference:+.3f} ± {half:.3f}"


def _strengths(cells: Sequence[Cell], scale_of_one: float) -> str:
    return "/".join(f"{cell.scale / (cell.scale_of_one or scale_of_one):.0f}" for cell in cells)


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))


if __name__ == "__main__":
    main()
