"""The coordinate ``exemplars``: which solved examples a prompt shows before the input."""

import itertools
from collections.abc import Sequence

from izcore.builtins.options import ExemplarOptions
from izcore.plugin import (
    BackendContext,
    ConfigError,
    Coordinate,
    CoordinateRequest,
    CoordinateResult,
    Example,
)
from izcore.plugin.exemplar_sets import draw_sets, exemplar_values

USUAL = 3
MOST_CHARACTERS = 4000
"""About a thousand tokens: longer exemplars would cost more than the rest of a prompt, or not fit a model."""


class ExemplarSets(Coordinate):
    """Offers no exemplars, and sets of demonstrations drawn at random (few-shot prompts)."""

    def __init__(self, options: ExemplarOptions, context: BackendContext) -> None:
        self._options = options

    def values(self, request: CoordinateRequest) -> CoordinateResult:
        """Return no exemplars, then the sets; raises ConfigError where there are too few demonstrations."""
        wanted, there = self._options.examples, len(request.demonstrations)
        if wanted is None:
            wanted = _as_many_as_fit(request.demonstrations)
        if wanted > there:
            raise ConfigError(
                f"coordinate exemplars: {wanted} examples are wanted, and the run has {there} demonstrations "
                "to take them from.",
                hint="Raise splits.demonstrations, or lower the coordinate's option examples.",
            )
        sets = self._options.sets if wanted else 0
        drawn = draw_sets(request.demonstrations, examples=wanted, sets=sets, seed=request.seed)
        return CoordinateResult(values=exemplar_values(drawn, self._ways(request)))

    def _ways(self, request: CoordinateRequest) -> tuple[bool, ...]:
        """Return whether exemplars are turns; both ways where that is for the search to find out."""
        if self._options.shown == "turns" and not request.turns:
            raise ConfigError(
                'coordinate exemplars: shown = "turns" is not possible here.',
                hint="It needs a scorer that takes a conversation, and a template without {exemplars} in "
                "which {instruction} has a line of its own.",
            )
        ways = {"either": (True, False), "turns": (True,), "message": (False,)}[self._options.shown]
        return ways if request.turns else (False,)


def _as_many_as_fit(demonstrations: Sequence[Example]) -> int:
    """Return how many exemplars a set may have that is never longer than ``MOST_CHARACTERS``.

    It is 0 where they are conversations or images, which cannot be shown within one message.
    """
    if any(example.turns or example.images for example in demonstrations):
        return 0
    lengths = sorted((_characters(example) for example in demonstrations), reverse=True)
    totals = itertools.accumulate(lengths[:USUAL])
    return sum(total <= MOST_CHARACTERS for total in totals)


def _characters(example: Example) -> int:
    return len(example.input) + max(map(len, example.targets), default=0)
