"""Few-shot prompts: sets of solved examples, of which the search chooses one with each instruction."""

import math
import random
from collections.abc import Sequence

from izcore.config.schema import FewShot
from izcore.plugin.records import Example
from izcore.plugin.seeds import derive_seed

Exemplars = tuple[Example, ...]


def draw_sets(few_shot: FewShot, demonstrations: Sequence[Example], seed: int) -> tuple[Exemplars, ...]:
    """Return different sets, in an order that counts, the first of them empty; only that if zero-shot."""
    if not few_shot.examples:
        return ((),)
    draw = random.Random(derive_seed(seed, "exemplars"))
    wanted = min(few_shot.sets, math.perm(len(demonstrations), few_shot.examples))
    drawn: dict[Exemplars, None] = {}
    while len(drawn) < wanted:
        drawn[tuple(draw.sample(demonstrations, few_shot.examples))] = None
    return ((), *drawn)


def choose_set(sets: Sequence[Exemplars], coordinate: float) -> Exemplars:
    """Return the set of a coordinate in [0, 1], of which every set has an equal share."""
    return sets[min(int(coordinate * len(sets)), len(sets) - 1)]


def longest_exemplars(few_shot: FewShot, demonstrations: Sequence[Example]) -> Exemplars:
    """Return the exemplars that make the longest prompt, for bounds on what it may cost."""
    by_length = sorted(demonstrations, key=lambda e: len(e.input) + len(e.targets[0]), reverse=True)
    return tuple(by_length[: few_shot.examples])
