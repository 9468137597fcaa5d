"""How Anthropic's Messages say what went wrong, and what the SDK makes of it."""

from typing import Any

from anthropic import APIStatusError

from izcore.plugin import ErrorReply, ErrorSigns

SIGNS = ErrorSigns(
    filtered_phrases=("content filtering policy",),
    too_long_phrases=(
        "too long",
        "context length",
        "context size",
        "context limit",
        "context window",
        "maximum context",
    ),
    quota_codes=frozenset(
        {
            "billing_error",
            "contract_spend_limit_reached",
            "enforced_spend_limit_reached",
            "linked_organization_spend_limit_reached",
            "linked_organization_billing_unavailable",
        }
    ),
    quota_phrases=("credit balance", "usage limits", "spend limit"),
    model_hint="Check the model's name (anthropic:MODEL) and scorer.base_url.",
    request_hint="Check the scorer's options; base_url must name a server that speaks Anthropic's Messages.",
)


def reply_of(error: APIStatusError) -> ErrorReply:
    """Return the error response in what the SDK raised; of a page of HTML no word is repeated."""
    body: Any = error.body
    headers = error.response.headers
    inner = _inner(body)
    if isinstance(body, dict):
        said = inner.get("message") or body.get("detail") or body.get("error") or ""
    else:
        said = "" if "html" in headers.get("content-type", "") else body or ""
    details = inner.get("details")
    codes = (inner.get("type"), details.get("error_code") if isinstance(details, dict) else None)
    return ErrorReply(
        status=error.status_code,
        headers=dict(headers),
        codes=frozenset(str(code) for code in codes if code),
        words=" ".join(str(said).split()),
    )


def _inner(body: Any) -> dict[str, Any]:
    """What the protocol wraps into ``error``; empty if the server does not keep to it."""
    inner = body.get("error") if isinstance(body, dict) else None
    return inner if isinstance(inner, dict) else {}
