"""How Chat Completions say what went wrong, and what the SDK makes of it."""

from typing import Any

from openai import APIStatusError

from izcore.plugin import ErrorReply, ErrorSigns

_ANOTHER_NAME = "If this is one of OpenAI's reasoning models under another name, set scorer.reasoning = true."

SIGNS = ErrorSigns(
    filtered_codes=frozenset({"content_filter", "content_policy_violation", "invalid_prompt"}),
    too_long_codes=frozenset(
        {"context_length_exceeded", "string_above_max_length", "exceed_context_size_error"}
    ),
    too_long_phrases=(
        "context length",
        "context size",
        "context window",
        "maximum context",
        "request too large for",
    ),
    quota_codes=frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"}),
    model_hint="Check the model's name (openai:MODEL) and scorer.base_url, which usually ends in /v1.",
    request_hint="Check the scorer's options; base_url must name a server that speaks Chat Completions.",
    field_hints=dict.fromkeys(("temperature", "top_p", "max_tokens"), _ANOTHER_NAME),
)


def reply_of(error: APIStatusError) -> ErrorReply:
    """Return the error response in what the SDK raised; of a page of HTML no word is repeated."""
    body: Any = error.body
    headers = error.response.headers
    if isinstance(body, dict):
        said = body.get("message") or body.get("detail") or ""
    else:
        said = "" if "html" in headers.get("content-type", "") else body or ""
    return ErrorReply(
        status=error.status_code,
        headers=dict(headers),
        codes=frozenset(str(code) for code in (error.code, error.type) if code),
        words=" ".join(str(said).split()),
        field=error.param or "",
    )
