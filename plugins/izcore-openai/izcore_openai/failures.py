"""How Chat Completions say what went wrong, and what the SDK makes of it."""

import re

import msgspec
from openai import APIStatusError

from izcore.plugin import ErrorReply, ErrorSigns, read_error

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
    reply = read_error(error.body, status=error.status_code, headers=dict(error.response.headers))
    return reply if reply.field else msgspec.structs.replace(reply, field=_named_field(reply.words))


def _named_field(words: str) -> str:
    """The field that a gateway's words say is not supported, where it does not name it apart."""
    if "support" not in words.lower() and "max_completion_tokens" not in words:
        return ""
    return next((field for field in SIGNS.field_hints if re.search(rf"\b{field}\b", words)), "")
