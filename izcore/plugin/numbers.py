"""Numbers that can be kept: JSON, in which runs are written, knows no infinity and no NaN."""

import math
from collections.abc import Mapping


def find_infinite(data: object, place: str = "") -> tuple[str, float] | None:
    """Return the first number in plain data that is infinite or NaN, and where it stands; None without one.

    The place is put together as in ``latents[3][0]`` and ``retries.max_total``, beginning with ``place``.
    """
    if isinstance(data, float):
        return None if math.isfinite(data) else (place, data)
    if isinstance(data, Mapping):
        parts = [(f"{place}.{key}" if place else str(key), value) for key, value in data.items()]
    elif isinstance(data, list | tuple):
        # Thousands of features may stand in a row, so places are named only where it is needed.
        odd = [
            index for index, value in enumerate(data) if not (type(value) is float and math.isfinite(value))
        ]
        parts = [(f"{place}[{index}]", data[index]) for index in odd]
    else:
        return None
    return next((found for where, value in parts if (found := find_infinite(value, where))), None)
