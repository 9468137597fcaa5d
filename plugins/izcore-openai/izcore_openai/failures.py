"""Turns what the SDK raises into the core's two kinds of failure, in words for people."""

from typing import Any

from openai import APIConnectionError, APIStatusError, APITimeoutError, OpenAIError

from izcore.plugin import (
    FatalScorerError,
    TransientScorerError,
    how_to_give,
    retry_after,
    root_cause,
    shortened,
    was_sent,
)
from izcore_openai.endpoint import Endpoint

Failure = TransientScorerError | FatalScorerError

FILTER_CODES = {"content_filter", "content_policy_violation", "invalid_prompt"}
TOO_LONG_CODES = {"context_length_exceeded", "string_above_max_length", "exceed_context_size_error"}
TOO_LONG_WORDS = (
    "context length",
    "context size",
    "context window",
    "maximum context",
    "request too large for",
)
QUOTA_CODES = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"}
SAMPLING_FIELDS = {"temperature", "top_p", "max_tokens"}
GATEWAY_TIMEOUTS = {504, 524}
"""A gateway gave up waiting for the provider, who may answer all the same, and bill it."""


def is_filtered(error: Exception) -> bool:
    """Whether the provider's content filter rejected the prompt: an outcome of that prompt, no failure."""
    return (
        isinstance(error, APIStatusError) and error.status_code == 400 and bool(_codes(error) & FILTER_CODES)
    )


def translate(error: Exception, endpoint: Endpoint, model: str, timeout: float) -> Failure:
    """Return the failure that ``error`` means; no message in it shows the key."""
    if isinstance(error, Failure):
        failure = error
    elif isinstance(error, APITimeoutError | TimeoutError):
        failure = TransientScorerError(
            f"{endpoint.label} did not answer within {timeout:g} seconds.",
            hint="If it is just slow, raise scorer.timeout.",
            may_be_billed=was_sent(error),
        )
    elif isinstance(error, APIConnectionError):
        failure = TransientScorerError(
            f"The connection to {endpoint.base_url} failed: {root_cause(error)}.",
            hint="Check that the server runs and that base_url is right.",
            may_be_billed=was_sent(error),
        )
    elif isinstance(error, APIStatusError):
        failure = _of_status(error, endpoint, model)
    elif isinstance(error, UnicodeError):
        failure = FatalScorerError("The prompt holds characters that cannot be sent as UTF-8.")
    else:
        failure = FatalScorerError(f"The OpenAI SDK failed: {type(error).__name__}: {error}.")
    return _scrubbed(failure, endpoint)


def _of_status(error: APIStatusError, endpoint: Endpoint, model: str) -> Failure:
    status, who, words = error.status_code, endpoint.label, shortened(endpoint.key.scrub(_words(error)))
    codes = _codes(error)
    if status in (401, 407):
        return _key_refused(endpoint)
    if status == 402 or codes & QUOTA_CODES:
        return FatalScorerError(
            f"{who} reports that the account's quota or credit is used up ({status}). {words}".rstrip(),
            hint="Check plan, credit and spend limits of the account that the key belongs to.",
        )
    if codes & TOO_LONG_CODES or status == 413 or any(said in words.lower() for said in TOO_LONG_WORDS):
        return FatalScorerError(
            f"A prompt is too long for {model} ({status}). {words}".rstrip(),
            hint="Shorten the inputs, lower scorer.max_output_tokens, or choose a model of longer context.",
        )
    headers = error.response.headers
    wait = retry_after(headers)
    # The official SDK obeys this header of OpenAI's as well; a wait says that waiting helps.
    hopeless = headers.get("x-should-retry") == "false" and wait is None
    if (status in (408, 409, 429) or status >= 500) and not hopeless:
        return TransientScorerError(
            f"{who} could not answer now ({status}). {words}".rstrip(),
            retry_after=wait,
            may_be_billed=status in GATEWAY_TIMEOUTS,
        )
    if status == 403:
        return FatalScorerError(
            f"{who} does not permit this ({status}). {words}".rstrip(),
            hint=f"Check that the key in {endpoint.key.variable} may use {model}.",
        )
    if status == 404:
        return FatalScorerError(
            f"{who} does not know the model {model!r}, or its API is elsewhere (404). {words}".rstrip(),
            hint="Check the model's name (openai:MODEL) and scorer.base_url, which usually ends in /v1.",
        )
    return FatalScorerError(
        f"{who} rejected the request ({status}). {words}".rstrip(), hint=_bad_request_hint(error)
    )


def _key_refused(endpoint: Endpoint) -> FatalScorerError:
    # The server's own words are left out: some servers repeat parts of the key.
    if not endpoint.key:
        return FatalScorerError(
            f"{endpoint.label} wants an API key (401).",
            hint=f"{how_to_give(endpoint.key.variable)}, or name another variable with scorer.api_key_env.",
        )
    return FatalScorerError(
        f"{endpoint.label} refused the API key in {endpoint.key.variable} (401): wrong, expired or revoked.",
        hint=f"Put a valid key into {endpoint.key.variable}; the run can then be resumed.",
    )


def _bad_request_hint(error: APIStatusError) -> str:
    if error.param in SAMPLING_FIELDS:
        return "If this is one of OpenAI's reasoning models under another name, set scorer.reasoning = true."
    return "Check the scorer's options; base_url must name a server that speaks Chat Completions."


def _codes(error: APIStatusError) -> set[str]:
    return {str(code) for code in (error.code, error.type) if code}


def _words(error: APIStatusError) -> str:
    """What the server says, in one line; nothing of an HTML page."""
    body: Any = error.body
    if isinstance(body, dict):
        said = body.get("message") or body.get("detail") or ""
    else:
        said = "" if "html" in error.response.headers.get("content-type", "") else body or ""
    return " ".join(str(said).split())


def _scrubbed(failure: Failure, endpoint: Endpoint) -> Failure:
    message, hint = endpoint.key.scrub(failure.message), endpoint.key.scrub(failure.hint)
    if isinstance(failure, TransientScorerError):
        return TransientScorerError(
            message, hint=hint, retry_after=failure.retry_after, may_be_billed=failure.may_be_billed
        )
    return FatalScorerError(message, hint=hint)


SDK_ERRORS = (OpenAIError, TimeoutError, UnicodeError, TransientScorerError)
"""What a call may raise that :func:`translate` understands; anything else is a bug and goes through."""
