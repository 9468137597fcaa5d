"""What every scorer behind HTTP needs: a checked URL, a key that never shows, waits, clients per loop."""

import asyncio
import math
import os
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.util import find_spec
from ssl import SSLError
from typing import Generic, Protocol, TypeVar
from urllib.parse import urlsplit

from izcore.plugin.errors import UsageError

KEYRING_SERVICE = "izcore"
SHOWN_CHARACTERS = 300
CONNECTIONS = 8
"""Connections of one client. HTTP clients look through all that they have for every request, so that one
client for 64 spends half its time on it (tests/benchmarks/bench_calls.py)."""


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


def check_url(url: str, source: str, *, example: str) -> str:
    """Return ``url`` without a slash at its end; raise UsageError, naming ``source``, if it is not usable.

    ``example`` is shown in the hint.
    """
    hint = f"Write it like {example}"
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound or not url.isprintable() or " " in url:
        # What stands before an @ may be a password.
        shown = repr(url.rpartition("@")[2])
        raise UsageError(f"{source}: {shown} is not a URL of a server.", hint=hint)
    if parts.username or parts.password or "@" in parts.netloc:
        raise UsageError(
            f"{source}: a URL must not hold a user name or password.",
            hint="Put the key into an environment variable and name it with scorer.api_key_env.",
        )
    if parts.query or parts.fragment:
        raise UsageError(f"{source}: a URL with ? or # cannot be the base of others.", hint=hint)
    return url.rstrip("/")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return how many seconds a server asks to wait: ``retry-after-ms``, seconds or a date (RFC 9110)."""
    for text, scale in ((headers.get("retry-after-ms"), 1e-3), (headers.get("retry-after"), 1.0)):
        try:
            seconds = float(text or "") * scale
        except ValueError:
            continue
        if math.isfinite(seconds):
            return max(0.0, seconds)
    try:
        date = parsedate_to_datetime(headers.get("retry-after") or "")
    except (ValueError, OverflowError):
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, (date - datetime.now(UTC)).total_seconds())


def check_price_holds(size: int, up_to: int | None, model: str) -> None:
    """Raise UsageError for a prompt of ``size`` bytes that may be longer than its listed price holds for.

    ``up_to`` is that length in tokens, of at least one byte each; None where one price holds for all.
    """
    if up_to is not None and size > up_to:
        raise UsageError(
            f"A prompt of {size} bytes may exceed {up_to} tokens, "
            f"above which {model} costs more than the price list says.",
            hint="Set scorer.price to the price for long prompts, or shorten the inputs.",
        )


def shortened(text: str) -> str:
    """Return ``text`` in one line of a length that fits into a message."""
    line = " ".join(text.split())
    return line if len(line) <= SHOWN_CHARACTERS else f"{line[:SHOWN_CHARACTERS]}…"


def root_cause(error: BaseException) -> str:
    """Say what lies at the bottom of a chain of errors, in words."""
    for deeper in _chain(error):
        error = deeper
    if isinstance(error, SSLError):
        # Its numbers are OpenSSL's, not the system's.
        reason = getattr(error, "verify_message", None) or getattr(error, "reason", None) or f"{error}"
        return f"TLS: {reason.replace('_', ' ').lower()}"
    if isinstance(error, OSError) and error.errno is not None:
        # Errors of name look-ups have negative numbers, and words of their own.
        return os.strerror(error.errno) if error.errno > 0 else error.strerror or f"{error}"
    return f"{error}".rstrip(".") or type(error).__name__


def was_sent(error: BaseException) -> bool:
    """Whether a request may have reached the server before ``error``: not where no connection came about.

    HTTP clients call that a ``ConnectError`` or ``ConnectTimeout`` (httpx, aiohttp's ClientConnectorError).
    """
    names = {type(each).__name__ for each in _chain(error)}
    return not names & {"ConnectError", "ConnectTimeout", "PoolTimeout", "ClientConnectorError"}


def _chain(error: BaseException) -> list[BaseException]:
    chain = [error]
    while (deeper := chain[-1].__cause__ or chain[-1].__context__) is not None and deeper not in chain:
        chain.append(deeper)
    return chain


class Closable(Protocol):
    """A client that can be closed."""

    def close(self) -> Awaitable[None]:
        """Close its connections."""
        ...


Client = TypeVar("Client", bound=Closable)


class LoopClients(Generic[Client]):
    """Clients of an HTTP service, some per event loop: connections belong to the loop that opened them.

    ``make`` is called when a loop first asks, once for every :data:`CONNECTIONS` that ``concurrency``
    takes; calls go to these clients in turn.
    """

    def __init__(self, make: Callable[[], Client], *, concurrency: int) -> None:
        self._make = make
        self._count = math.ceil(concurrency / CONNECTIONS)
        self._clients: dict[asyncio.AbstractEventLoop, deque[Client]] = {}

    def current(self) -> Client:
        """Return the running loop's next client."""
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            # In place: loops of other threads add and remove theirs at the same time.
            for old in [each for each in list(self._clients) if each.is_closed()]:
                self._clients.pop(old, None)
            self._clients[loop] = deque(self._make() for _ in range(self._count))
        clients = self._clients[loop]
        clients.rotate()
        return clients[0]

    async def aclose(self) -> None:
        """Close the running loop's clients; a later call makes new ones."""
        for client in self._clients.pop(asyncio.get_running_loop(), ()):
            await client.close()
