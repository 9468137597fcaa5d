"""Numbers that no database of runs can keep are found wherever they stand."""

import math

import pytest

from izcore.plugin.numbers import find_infinite


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ({"a": {"b": math.inf}}, "a.b"),
        ({"latents": [(0.5, 0.5), (0.5, -math.inf)]}, "latents[1][1]"),
        ([0.1, {"scores": (None, math.nan)}], "[1].scores[1]"),
        ({"whole": 10**400, "text": "inf", "none": None, "true": True, "small": -0.5}, None),
    ],
)
def test_the_first_number_that_is_not_finite_is_found(data: object, place: str | None) -> None:
    found = find_infinite(data)
    assert (found[0] if found else None) == place


def test_a_place_begins_with_what_is_already_known_of_it() -> None:
    assert find_infinite({"b": math.inf}, "scorer") == ("scorer.b", math.inf)
