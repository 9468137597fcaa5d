"""Turning JSON values into text."""

import math
from typing import Any


class ValueProblem(ValueError):
    """A value that is not what belongs there; its message says so."""


def to_text(value: Any, role: str) -> str:
    """Return a string, number or boolean as text; missing values give the empty text."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return str(value)
    raise ValueProblem(f"the {role} is {describe(value)}, where text belongs")


def to_texts(value: Any, role: str) -> tuple[str, ...]:
    """Return a list of values as texts, a single value as one text, a missing value as none."""
    if value is None:
        return ()
    if isinstance(value, list):
        return tuple(to_text(item, role) for item in value)
    return (to_text(value, role),)


def describe(value: Any) -> str:
    """Name the kind of a JSON value, for messages."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, str):
        return "text"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "a number" if math.isfinite(value) else f"the number {value}"
    return "null"
