"""Completes instructions with choices: which of them a latent stands for, and what becomes of a sentence."""

import itertools
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from izcore.plugin.coordinates import CoordinateValue
from izcore.plugin.trials import Candidate

Values = Mapping[str, tuple[CoordinateValue, ...]]
"""The choices of each coordinate, by its name."""

_ENDS = (".", "!", "?", ":", ";", "。", "!", "?", ":")


def choose_values(coordinates: Values, numbers: Sequence[float]) -> dict[str, CoordinateValue]:
    """Return the choices that the numbers in [0, 1] stand for, one number per coordinate, in their order.

    The choices of a coordinate have equal shares of the interval.
    """
    return {
        name: values[min(int(number * len(values)), len(values) - 1)]
        for (name, values), number in zip(coordinates.items(), numbers, strict=True)
    }


def numbers_of(coordinates: Values, chosen: Sequence[tuple[str, str]]) -> tuple[float, ...] | None:
    """Return the middles of the intervals that stand for the chosen values, given as pairs of name and value.

    None where a coordinate has no such value, or no value is chosen for it.
    """
    names = dict(chosen)
    numbers = []
    for name, values in coordinates.items():
        place = next((n for n, value in enumerate(values) if value.name == names.get(name)), None)
        if place is None:
            return None
        numbers.append((place + 0.5) / len(values))
    return tuple(numbers)


def complete(candidate: Candidate, chosen: Mapping[str, CoordinateValue]) -> Candidate:
    """Return a candidate whose instruction, its body from now on, is completed with the chosen values."""
    marks = [value.answer_mark for value in chosen.values() if value.answer_mark]
    places = [value.placement for value in chosen.values() if value.placement]
    return msgspec.structs.replace(
        candidate,
        instruction=with_clauses(candidate.instruction, [value.clause for value in chosen.values()]),
        body=candidate.instruction,
        coordinates=tuple((name, value.name) for name, value in chosen.items()),
        answer_mark=marks[-1] if marks else "",
        room=max((value.room for value in chosen.values()), default=0),
        exemplars=tuple(itertools.chain(*(value.exemplars for value in chosen.values()))),
        placement=places[-1] if places else "",
        as_turns=any(value.as_turns for value in chosen.values()),
    )


def with_clauses(body: str, clauses: Sequence[str]) -> str:
    """Return a body with clauses behind it, on a line of their own where the body has several lines."""
    said = [text for text in clauses if text]
    if not body.strip() or not said:
        return " ".join(said) or body
    ended = body.rstrip()
    if "\n" in ended:
        return "\n".join((ended, *said))
    return " ".join((ended if ended.endswith(_ENDS) else f"{ended}.", *said))


def cells_of_each(bodies: int, coordinates: Values, room: int) -> int:
    """Return how many combinations of choices each of some bodies meets that are there beforehand.

    That is all of them, or where all bodies then took more than ``room`` trials, as many as fit; at least so
    many that no choice is missing.
    """
    most_values = max(map(len, coordinates.values()), default=1)
    return min(math.prod(map(len, coordinates.values())), max(most_values, room // max(1, bodies)))


def balanced_cells(coordinates: Values, count: int) -> list[dict[str, CoordinateValue]]:
    """Return ``count`` combinations of choices, or all there are; the plainest choices come first.

    Each combination that follows has the choices that were met least so far, and of equals the pair of them
    that was: so any number of combinations has each choice of a coordinate about equally often.
    """
    left = list(itertools.product(*(range(len(values)) for values in coordinates.values())))
    met: Counter[object] = Counter()
    cells: list[dict[str, CoordinateValue]] = []
    while left and len(cells) < count:
        cell = min(left, key=lambda each: (_times(met, each, 1), _times(met, each, 2)))
        left.remove(cell)
        met.update(part for size in (1, 2) for part in itertools.combinations(enumerate(cell), size))
        cells.append({name: values[n] for (name, values), n in zip(coordinates.items(), cell, strict=True)})
    return cells


def completions_of(bodies: Sequence[str], coordinates: Values, count: int) -> Iterator[Candidate]:
    """Yield each body with ``count`` combinations of choices, the plainest choices of all bodies first."""
    for chosen in balanced_cells(coordinates, count):
        for body in bodies:
            yield complete(Candidate(latent=(), instruction=body), chosen)


def _times(met: Counter[object], cell: Sequence[int], size: int) -> int:
    return sum(met[part] for part in itertools.combinations(enumerate(cell), size))
