"""The metric that compares JSON as values."""

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from izcore.builtins.metrics.normalisation import normalise
from izcore.builtins.metrics.options import JsonOptions
from izcore.builtins.metrics.text import BestTarget
from izcore.plugin.registrations import BackendContext

_NOTHING = object()
_MOST_STARTS = 100
"""Brackets at which a value is looked for: a text of nothing but brackets must not take for ever."""
_DEEPEST = 100
"""Levels of nesting that are compared; no task's answers have more."""


class Json(BestTarget):
    """1 where answer and target are the same JSON value, or the share of fields that are the same.

    The order of fields, white space and ``1`` or ``1.0`` make no difference; texts are compared as by
    ``exact_match``. An answer may stand in a fenced block or within other text: then its first JSON object or
    list counts. A target that is no JSON must be the whole answer.
    """

    def __init__(self, options: JsonOptions, context: BackendContext) -> None:
        self._fields = options.match == "fields"
        self._case_sensitive = options.case_sensitive

    def _compare(self, answer: str, target: str) -> float:
        wanted = _parsed(target)
        if wanted is _NOTHING:
            return float(self._text(answer) == self._text(target))
        given = next(_values_in(answer), _NOTHING)
        if self._fields and isinstance(wanted, Mapping) and isinstance(given, Mapping):
            fields = wanted.keys() | given.keys()
            right = [
                key in wanted and key in given and self._equal(given[key], wanted[key], _DEEPEST)
                for key in fields
            ]
            return sum(right) / len(right) if right else 1.0
        return float(self._equal(given, wanted, _DEEPEST))

    def _equal(self, given: Any, wanted: Any, depth: int) -> bool:
        if depth == 0:
            return False
        if isinstance(given, str) and isinstance(wanted, str):
            return self._text(given) == self._text(wanted)
        if isinstance(given, bool) or isinstance(wanted, bool):
            return given is wanted
        if isinstance(given, list) and isinstance(wanted, list):
            return len(given) == len(wanted) and all(
                self._equal(a, b, depth - 1) for a, b in zip(given, wanted, strict=True)
            )
        if isinstance(given, dict) and isinstance(wanted, dict):
            return given.keys() == wanted.keys() and all(
                self._equal(given[key], wanted[key], depth - 1) for key in wanted
            )
        if isinstance(given, int | float) and isinstance(wanted, int | float):
            return given == wanted or (math.isnan(given) and math.isnan(wanted))
        return given is None and wanted is None

    def _text(self, text: str) -> str:
        return normalise(text, "standard", self._case_sensitive)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):  # a number of thousands of digits is a ValueError, too
        return _NOTHING


def _values_in(text: str) -> Iterator[Any]:
    """Yield the JSON values that a text holds: the whole text, or the objects and lists within it."""
    whole = _parsed(text)
    if whole is not _NOTHING:
        yield whole
        return
    decoder = json.JSONDecoder()
    place = 0
    for _ in range(_MOST_STARTS):
        starts = [at for at in (text.find("{", place), text.find("[", place)) if at >= 0]
        if not starts:
            return
        place = min(starts)
        try:
            value, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            place += 1
        else:
            yield value
