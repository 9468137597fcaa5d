"""The initial design: new sentences crossed with cells, so that every choice is met equally often."""

import random
from collections import Counter
from collections.abc import Sequence
from itertools import combinations

from izcore_botorch.structured.observations import UNKNOWN, Cell


def balanced_cells(
    cells: Sequence[Cell], count: int, crossing: int, met: Sequence[Cell], seed: int
) -> list[Cell]:
    """Return ``count`` cells, ``crossing`` different ones for each sentence in turn.

    Each is the one whose choices were met least so far, first one by one, then in pairs; ``met`` are cells
    that were tried before. Among equals those come first whose choices the same sentence has not met. So the
    main effects of coordinates can be told apart from each other and from the sentences (a balanced
    incomplete block design, built greedily; sentences are the blocks).
    """
    draw = random.Random(seed)
    singles, pairs = _count(met)
    chosen: list[Cell] = []
    for number in range(count):
        block = chosen[len(chosen) - number % crossing :]
        own, _ = _count(block)
        untried = [cell for cell in cells if cell not in block] or list(cells)
        draw.shuffle(untried)
        cell = min(
            untried,
            key=lambda cell: (
                sum(own[choice] + singles[choice] for choice in _singles(cell)),
                sum(pairs[pair] for pair in combinations(_singles(cell), 2)),
            ),
        )
        chosen.append(cell)
        singles.update(_singles(cell))
        pairs.update(combinations(_singles(cell), 2))
    return chosen


def _count(cells: Sequence[Cell]) -> tuple[Counter[tuple[int, int]], Counter[tuple[tuple[int, int], ...]]]:
    singles: Counter[tuple[int, int]] = Counter()
    pairs: Counter[tuple[tuple[int, int], ...]] = Counter()
    for cell in cells:
        singles.update(_singles(cell))
        pairs.update(combinations(_singles(cell), 2))
    return singles, pairs


def _singles(cell: Cell) -> list[tuple[int, int]]:
    return [(place, value) for place, value in enumerate(cell) if value != UNKNOWN]
