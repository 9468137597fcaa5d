"""Spans of time as people write them: ``90``, ``20m``, ``1h30m``."""

import math
import re

from izcore.plugin.errors import ConfigError

_SECONDS = {"h": 3600, "m": 60, "s": 1}
_SPAN = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s?)?")


def seconds_of(given: object, *, where: str) -> float:
    """Return the seconds of a number or of a text such as ``1h30m``; ConfigError names ``where``."""
    found = _SPAN.fullmatch(str(given).replace(" ", "").lower())
    seconds = 0.0
    if found and not isinstance(given, bool):
        seconds = sum(
            float(part or 0) * each for part, each in zip(found.groups(), _SECONDS.values(), strict=True)
        )
    if not (seconds > 0 and math.isfinite(seconds)):
        raise ConfigError(
            f"{where}: {given!r} is no span of time.", hint="Write seconds, or such as 90s, 20m or 1h30m."
        )
    return seconds


def in_words(seconds: float) -> str:
    """Return a span of time for people: ``20m``, ``1h 30m``."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    parts = [
        f"{hours}h" if hours else "",
        f"{minutes}m" if minutes else "",
        f"{rest:g}s" if rest or seconds < 1 else "",
    ]
    return " ".join(filter(None, parts))
