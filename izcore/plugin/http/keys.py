"""API keys: where they come from, and that they show themselves nowhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec

from izcore.plugin.errors import UsageError

KEYRING_SERVICE = "izcore"
SHORTEST_TELLING = 8
"""A shorter key (``none``, ``EMPTY``) may be a word of an answer."""


@dataclass(frozen=True)
class Key:
    """An API key that shows itself nowhere. ``variable`` is the environment variable that it belongs to."""

    variable: str
    value: str = field(repr=False)

    def __bool__(self) -> bool:
        return bool(self.value)

    def scrub(self, text: str) -> str:
        """Return ``text`` without the key."""
        return text.replace(self.value, "[key]") if self.value else text

    def scrub_answer(self, text: str) -> str:
        """Return an answer without the key, unless it is so short that it may be meant as a word."""
        return self.scrub(text) if len(self.value) >= SHORTEST_TELLING else text


def find_key(variable: str, environ: Mapping[str, str]) -> Key:
    """Return the key from the environment, else from the system's keyring; an empty one if neither has it.

    In the keyring (the optional package ``keyring``) it lies under the service ``izcore`` and the name of
    the variable. Raises UsageError for a value that cannot be a key.
    """
    value = environ.get(variable, "").strip() or _from_keyring(variable)
    if not value.isascii() or not value.isprintable() or " " in value:
        raise UsageError(
            f"{variable}: its value cannot be a key; it holds spaces or characters that no key has.",
            hint="Copy the key again.",
        )
    return Key(variable, value)


def how_to_give(variable: str) -> str:
    """Say how a user gives a key."""
    keyring = f", keyring set {KEYRING_SERVICE} {variable}" if find_spec("keyring") else ""
    return f"export {variable}=…{keyring}"


def _from_keyring(variable: str) -> str:
    if find_spec("keyring") is None:
        return ""
    import keyring
    from keyring.errors import KeyringError

    try:
        return (keyring.get_password(KEYRING_SERVICE, variable) or "").strip()
    except (KeyringError, OSError, RuntimeError):
        # No keyring on this machine, or a locked one: then there is no key in it.
        return ""
