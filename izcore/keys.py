"""Keeps keys out of what is shown to people."""

from collections.abc import Mapping

KEY_WORDS = ("KEY", "TOKEN", "SECRET", "PASSWORD", "CREDENTIAL")
SHORTEST_KEY = 8
"""A shorter value (``1``, ``true``) is no key, and would be found in many a word."""


def without_keys(text: str, environ: Mapping[str, str]) -> str:
    """Return ``text`` without the values of environment variables whose names say that they are keys."""
    for name, value in environ.items():
        if len(value) >= SHORTEST_KEY and any(word in name.upper() for word in KEY_WORDS):
            text = text.replace(value, "[key]")
    return text
