"""How Anthropic's Messages say what went wrong, and what the SDK makes of it."""

from anthropic import APIStatusError

from izcore.plugin import ErrorReply, ErrorSigns, read_error

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
    return read_error(error.body, status=error.status_code, headers=dict(error.response.headers))
