"""Features of instructions that a model names, and where instructions lie on them, read from its answers."""

import re
from collections.abc import Mapping, Sequence
from statistics import fmean

from izcore.plugin import Latent
from izcore_writers.standings import Standing

Features = tuple[str, ...]
"""What each feature is, and what its ends mean, in one line each."""

FORM = "NAME: what 0 means | what 1 means"
"""The line in which a feature is asked for."""

_FEATURE = re.compile(r"^[\W\d]*([^:|]{2,60}?)[\s*]*:[\s*]*([^|]{2,200}?)\s*\|\s*([^|]{2,200}?)[\s*|]*$")
_SCORES = re.compile(r"^\W*(?:instruction\s*)?(\d+)\s*[:.)\]|-]+(.*)$", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\w.])\d*\.?\d+(?![\w.]*\w)")


def read_features(answer: str, count: int) -> Features:
    """Return the first ``count`` features that an answer names, one a line; none where it names fewer."""
    named: dict[str, str] = {}
    for line in answer.splitlines():
        match = _FEATURE.match(line.strip())
        if match and line.strip() != FORM:
            name, low, high = (" ".join(part.split()) for part in match.groups())
            named.setdefault(name.casefold(), f"{name}: 0 is {low}, 1 is {high}")
    return tuple(named.values())[:count] if len(named) >= count else ()


def read_scores(answer: str, instructions: int, count: int) -> dict[int, Latent]:
    """Return where instructions lie, by their number from 1, as an answer says in a line for each.

    A line counts that holds ``count`` numbers in [0, 1]; of two lines for one instruction the last.
    """
    found: dict[int, Latent] = {}
    for line in answer.splitlines():
        match = _SCORES.match(line)
        if match is None:
            continue
        numbers = tuple(float(number) for number in _NUMBER.findall(match[2]))
        if 1 <= int(match[1]) <= instructions and len(numbers) == count and max(numbers) <= 1:
            found[int(match[1])] = numbers
    return found


def gap(aim: Latent, reached: Latent) -> float:
    """Return the mean distance of two points over their features, in [0, 1]."""
    return fmean(abs(a - b) for a, b in zip(aim, reached, strict=True))


def nearest(aim: Latent, places: Mapping[str, Latent], count: int) -> list[str]:
    """Return the ``count`` instructions that lie nearest to a point; of equals, those that came first."""
    return sorted(places, key=lambda text: gap(aim, places[text]))[:count]


def contrasting(found: Sequence[Standing], most: int) -> list[Standing]:
    """Return at most ``most`` instructions, the worst first: the best half of them, and the worst."""
    ranked = sorted(found, key=lambda one: one.worth)
    if len(ranked) <= most:
        return ranked
    return [*ranked[: most // 2], *ranked[len(ranked) - (most - most // 2) :]]
