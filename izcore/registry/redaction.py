"""Keeps keys out of what is shown to people and of what is kept."""

from collections.abc import Iterable, Mapping

import msgspec

from izcore.plugin.calls import Completion
from izcore.plugin.secrets import KNOWN_KEYS, without_secrets

KEY_WORDS = ("KEY", "TOKEN", "SECRET", "PASSWORD", "CREDENTIAL")
SHORTEST_KEY = 8
"""A shorter value (``1``, ``true``) is no key, and would be found in many a word."""

SHORTEST_RANDOM_KEY = 16
"""What is as long as this, and mixes letters with digits, stands in no answer by chance."""


def keys_in(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment variables whose names say that they are keys, with their values."""
    return {
        name: value
        for name, value in environ.items()
        if len(value) >= SHORTEST_KEY and any(word in name.upper() for word in KEY_WORDS)
    }


def without_keys(text: str, environ: Mapping[str, str]) -> str:
    """Return a message without the keys that the environment holds, and without secrets in addresses."""
    for value in keys_in(environ).values():
        text = text.replace(value, "[key]")
    return without_secrets(text)


def unmistakable_keys(environ: Mapping[str, str]) -> dict[str, str]:
    """Return those of :func:`keys_in` that cannot be words, so that no text holds one by chance."""
    return {name: value for name, value in keys_in(environ).items() if _is_random(value)}


def answer_without_keys(completion: Completion, keys: Iterable[str]) -> Completion:
    """Return an answer that repeats none of the keys: answers are kept, and shown."""
    text, reasoning = completion.text, completion.reasoning
    for value in keys:
        text, reasoning = text.replace(value, "[key]"), reasoning.replace(value, "[key]")
    if (text, reasoning) == (completion.text, completion.reasoning):
        return completion
    return msgspec.structs.replace(completion, text=text, reasoning=reasoning)


def _is_random(value: str) -> bool:
    if KNOWN_KEYS.search(value):
        return True
    mixed = any(map(str.isdigit, value)) and any(map(str.isalpha, value))
    return len(value) >= SHORTEST_RANDOM_KEY and mixed and not set(value) & set(" /\\")
