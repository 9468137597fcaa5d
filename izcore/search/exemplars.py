"""Few-shot prompts: sets of solved examples, of which the search chooses one with each instruction."""

import math
import random
from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta

from izcore.plugin.errors import ConfigError
from izcore.plugin.records import Example, Record
from izcore.plugin.seeds import derive_seed

Exemplars = tuple[Example, ...]


class FewShot(Record, forbid_unknown_fields=True):
    """Solved examples that the black box is shown before each input."""

    examples: Annotated[
        int, Meta(ge=0, description="Demonstrations in a set, shown in every prompt; 0: zero-shot")
    ] = 0
    sets: Annotated[
        int, Meta(ge=1, description="Random sets among which the search chooses, beside the empty one")
    ] = 4

    def check(self, demonstrations: Sequence[Example]) -> None:
        """Raise ConfigError if there are not enough demonstrations."""
        if self.examples > len(demonstrations):
            raise ConfigError(
                f"few_shot.examples: {self.examples} are wanted, and the run has {len(demonstrations)} "
                "demonstrations to take them from.",
                hint="Raise splits.demonstrations, or lower few_shot.examples.",
            )


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
