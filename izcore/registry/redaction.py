"""Keeps keys out of what is shown to people."""

from collections.abc import Mapping

KEY_WORDS = ("KEY", "TOKEN", "SECRET", "PASSWORD", "CREDENTIAL")
SHORTEST_KEY = 8
"""A shorter value (``1``, ``true``) is no key, and would be found in many a word."""


def keys_in(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment variables whose names say that they are keys, with their values."""
    return {
        name: value
        for name, value in environ.items()
        if len(value) >= SHORTEST_KEY and any(word in name.upper() for word in KEY_WORDS)
    }


def without_keys(text: str, environ: Mapping[str, str]) -> str:
    """Return ``text`` without the keys that the environment holds."""
    for value in keys_in(environ).values():
        text = text.replace(value, "[key]")
    return text
