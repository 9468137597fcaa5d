"""Few-shot prompts: sets of solved examples, of which the search chooses one with each instruction."""

import math
import random
from collections.abc import Sequence

from izcore.config.schema import FewShot
from izcore.plugin.examples import Example
from izcore.plugin.seeds import derive_seed

Exemplars = tuple[Example, ...]


def draw_sets(few_shot: FewShot, demonstrations: Sequence[Example], seed: int) -> tuple[Exemplars, ...]:
    """Return the sets of exemplars that a search chooses among; the first of them is empty.

    The others differ from each other, at least in the order of their examples, which matters to a model. A
    zero-shot search has the empty set alone. The same ``seed`` draws the same sets.
    """
    if not few_shot.examples:
        return ((),)
    draw = random.Random(derive_seed(seed, "exemplars"))
    wanted = min(few_shot.sets, math.perm(len(demonstrations), few_shot.examples))
    drawn: dict[Exemplars, None] = {}
    while len(drawn) < wanted:
        drawn[tuple(draw.sample(demonstrations, few_shot.examples))] = None
    return ((), *drawn)


def choose_set(sets: Sequence[Exemplars], coordinate: float) -> Exemplars:
    """Return the set that a coordinate in [0, 1] stands for; each set has an equal share of the interval."""
    return sets[min(int(coordinate * len(sets)), len(sets) - 1)]


def longest_exemplars(few_shot: FewShot, demonstrations: Sequence[Example]) -> Exemplars:
    """Return the exemplars that make the longest prompt, from which follows the most that a call may cost."""
    by_length = sorted(demonstrations, key=lambda e: len(e.full_input) + len(e.targets[0]), reverse=True)
    return tuple(by_length[: few_shot.examples])
