"""Few-shot prompts: sets of solved examples, of which a search chooses one with each instruction."""

import math
import random
from collections.abc import Sequence

from izcore.plugin.coordinates import CoordinateValue
from izcore.plugin.examples import Example

Exemplars = tuple[Example, ...]


def draw_sets(
    demonstrations: Sequence[Example], *, examples: int, sets: int, seed: int
) -> tuple[Exemplars, ...]:
    """Return at most ``sets`` sets of ``examples`` demonstrations each.

    They differ from each other, at least in the order of their examples, which matters to a model. The same
    ``seed`` draws the same sets.
    """
    draw = random.Random(seed)
    wanted = min(sets, math.perm(len(demonstrations), examples))
    drawn: dict[Exemplars, None] = {}
    while len(drawn) < wanted:
        drawn[tuple(draw.sample(demonstrations, examples))] = None
    return tuple(drawn)


def exemplar_values(
    sets: Sequence[Exemplars], ways: Sequence[bool] = (False,)
) -> tuple[CoordinateValue, ...]:
    """Return no exemplars, then each of the sets, as choices with names of their own.

    There is a choice of a set for each of ``ways``: as turns of a conversation (True), or within the text.
    """
    named = (
        CoordinateValue(
            name=f"{len(each)} example{'s' if len(each) > 1 else ''}{' as turns' * as_turns}, set {number}",
            exemplars=each,
            as_turns=as_turns,
        )
        for number, each in enumerate(sets, 1)
        for as_turns in ways
    )
    return (CoordinateValue(name="none"), *named)
