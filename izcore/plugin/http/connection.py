"""What a connection says of itself: how long to wait, why it failed, and whether the request was sent."""

import math
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ssl import SSLError

SHOWN_CHARACTERS = 300


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
