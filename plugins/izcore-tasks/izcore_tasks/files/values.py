"""Turning JSON values into text."""

import json
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


def to_targets(value: Any) -> tuple[str, ...]:
    """Return the texts of a target or of several.

    Besides a text or a list of texts that is an object with a list ``text``, or a list of objects with a
    ``text`` each, as in data sets of reading comprehension, or the assistant's message. Any other object is a
    target in JSON.
    """
    if isinstance(value, dict):
        value = value["text"] if isinstance(value.get("text"), list) else to_field(value)
    if isinstance(value, list) and value and all(isinstance(each, dict) and "text" in each for each in value):
        value = [each["text"] for each in value]
    if isinstance(value, list) and len(value) == 1 and _is_answer(value[0]):
        value = value[0]["content"]
    return to_texts(value, "target")


def _is_answer(value: Any) -> bool:
    return isinstance(value, dict) and value.get("role") == "assistant" and "content" in value


def to_field(value: Any) -> str:
    """Return any value as the text that a template shows: JSON, if it is no text, number or boolean."""
    try:
        text = to_text(value, "field")
    except ValueProblem:
        text = json.dumps(value, ensure_ascii=False, default=str)
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


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
