"""Turns what the SDK raises into the core's two kinds of failure, in words for people."""

import math
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from anthropic import AnthropicError, APIConnectionError, APIStatusError, APITimeoutError

from izcore.plugin import FatalScorerError, TransientScorerError
from izcore_anthropic.endpoint import Endpoint

Failure = TransientScorerError | FatalScorerError

FILTER_WORDS = "content filtering policy"
TOO_LONG_WORDS = (
    "too long",
    "context length",
    "context size",
    "context window",
    "context limit",
    "maximum context",
)
QUOTA_CODES = {
    "billing_error",
    "contract_spend_limit_reached",
    "enforced_spend_limit_reached",
    "linked_organization_spend_limit_reached",
    "linked_organization_billing_unavailable",
}
QUOTA_WORDS = ("credit balance", "usage limits", "spend limit")
SHOWN_CHARACTERS = 300


def is_filtered(error: Exception) -> bool:
    """Whether the provider's content filter rejected the call: an outcome of that prompt, no failure."""
    return isinstance(error, APIStatusError) and error.status_code == 400 and FILTER_WORDS in _words(error)


def translate(error: Exception, endpoint: Endpoint, model: str, timeout: float) -> Failure:
    """Return the failure that ``error`` means; no message in it shows the key."""
    if isinstance(error, Failure):
        failure = error
    elif isinstance(error, APITimeoutError | TimeoutError):
        failure = TransientScorerError(
            f"{endpoint.label} did not answer within {timeout:g} seconds.",
            hint="If it is just slow, raise scorer.timeout.",
        )
    elif isinstance(error, APIConnectionError):
        failure = TransientScorerError(
            f"The connection to {endpoint.base_url} failed: {_root_cause(error)}.",
            hint="Check that the server runs and that base_url is right.",
        )
    elif isinstance(error, APIStatusError):
        failure = _of_status(error, endpoint, model)
    elif isinstance(error, UnicodeError):
        failure = FatalScorerError("The prompt holds characters that cannot be sent as UTF-8.")
    else:
        failure = FatalScorerError(f"The Anthropic SDK failed: {type(error).__name__}: {error}.")
    return _scrubbed(failure, endpoint)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return how many seconds the server asks to wait: ``retry-after-ms``, seconds, or an HTTP date."""
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


def _of_status(error: APIStatusError, endpoint: Endpoint, model: str) -> Failure:
    status, who, words = error.status_code, endpoint.label, _cut(endpoint.scrub(_words(error)))
    if status in (401, 407):
        return _key_refused(endpoint)
    if status == 402 or _codes(error) & QUOTA_CODES or (status == 400 and _says(words, QUOTA_WORDS)):
        return FatalScorerError(
            f"{who} reports that the account's quota or credit is used up ({status}). {words}".rstrip(),
            hint="Check plan, credit and spend limits of the account that the key belongs to.",
        )
    if status == 413 or (status == 400 and _says(words, TOO_LONG_WORDS)):
        return FatalScorerError(
            f"A prompt is too long for {model} ({status}). {words}".rstrip(),
            hint="Shorten the inputs, lower scorer.max_output_tokens, or choose a model of longer context.",
        )
    headers = error.response.headers
    wait = retry_after(headers)
    # The official SDK obeys this header of Anthropic's as well; a wait says that waiting helps.
    hopeless = headers.get("x-should-retry") == "false" and wait is None
    if (status in (408, 409, 429) or status >= 500) and not hopeless:
        return TransientScorerError(
            f"{who} could not answer now ({status}). {words}".rstrip(), retry_after=wait
        )
    if status == 403:
        return FatalScorerError(
            f"{who} does not permit this ({status}). {words}".rstrip(),
            hint=f"Check that the key in {endpoint.key_env} may use {model}.",
        )
    if status == 404:
        return FatalScorerError(
            f"{who} does not know the model {model!r}, or its API is elsewhere (404). {words}".rstrip(),
            hint="Check the model's name (anthropic:MODEL) and scorer.base_url.",
        )
    return FatalScorerError(
        f"{who} rejected the request ({status}). {words}".rstrip(),
        hint="Check the scorer's options; base_url must name a server that speaks Anthropic's Messages.",
    )


def _key_refused(endpoint: Endpoint) -> FatalScorerError:
    # The server's own words are left out: some servers repeat parts of the key.
    if not endpoint.has_key:
        return FatalScorerError(
            f"{endpoint.label} wants an API key (401).",
            hint=f"export {endpoint.key_env}=…, or name another variable with scorer.api_key_env.",
        )
    return FatalScorerError(
        f"{endpoint.label} refused the API key in {endpoint.key_env} (401): wrong, expired or revoked.",
        hint=f"Put a valid key into {endpoint.key_env}; the run can then be resumed.",
    )


def _codes(error: APIStatusError) -> set[str]:
    inner = _inner(error)
    details = inner.get("details")
    codes = (inner.get("type"), details.get("error_code") if isinstance(details, dict) else None)
    return {str(code) for code in codes if code}


def _inner(error: APIStatusError) -> dict[str, Any]:
    """What the protocol wraps into ``error``; empty if the server does not keep to it."""
    body: Any = error.body
    inner = body.get("error") if isinstance(body, dict) else None
    return inner if isinstance(inner, dict) else {}


def _says(words: str, phrases: tuple[str, ...]) -> bool:
    return any(phrase in words.lower() for phrase in phrases)


def _words(error: APIStatusError) -> str:
    """What the server says, in one line; nothing of an HTML page."""
    body: Any = error.body
    if isinstance(body, dict):
        said = _inner(error).get("message") or body.get("detail") or body.get("error") or ""
    else:
        said = "" if "html" in error.response.headers.get("content-type", "") else body or ""
    return " ".join(str(said).split())


def _cut(line: str) -> str:
    return line if len(line) <= SHOWN_CHARACTERS else f"{line[:SHOWN_CHARACTERS]}…"


def _root_cause(error: BaseException) -> str:
    while error.__cause__ is not None or error.__context__ is not None:
        error = error.__cause__ or error.__context__ or error
    if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return f"{error}".rstrip(".") or type(error).__name__


def _scrubbed(failure: Failure, endpoint: Endpoint) -> Failure:
    message, hint = endpoint.scrub(failure.message), endpoint.scrub(failure.hint)
    if isinstance(failure, TransientScorerError):
        return TransientScorerError(message, hint=hint, retry_after=failure.retry_after)
    return FatalScorerError(message, hint=hint)


SDK_ERRORS = (AnthropicError, TimeoutError, UnicodeError, TransientScorerError)
"""What a call may raise that :func:`translate` understands; anything else is a bug and goes through."""
