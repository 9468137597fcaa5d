"""Reads the body of a message, strictly: what does not look like one is a broken answer."""

from collections.abc import Mapping
from typing import Any

import msgspec

from izcore.plugin import (
    ChatAnswer,
    ErrorReply,
    FinishReason,
    HttpAnswer,
    TransientScorerError,
    decode_answer,
    find_error,
    read_error,
    token_counts,
    tokens_of,
)

FINISH: Mapping[str, FinishReason] = {
    **dict.fromkeys(("end_turn", "stop_sequence", "tool_use", "pause_turn"), "stop"),
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refusal",
}
INPUT_COUNTS = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
"""Tokens of a prompt, with those that the provider writes to its cache, or reads from it."""


class _Block(msgspec.Struct):
    type: str
    text: str = ""
    thinking: str = ""


class _Body(msgspec.Struct):
    content: list[_Block] | None = None
    stop_reason: str | None = None
    error: Any = None
    usage: msgspec.Raw = msgspec.Raw(b"null")


def read_answer(answer: HttpAnswer, label: str) -> ChatAnswer | ErrorReply:
    """Return what a message says, which may hold no text at all, or the error that came in its place.

    ``label`` is what messages call the server. Raises TransientScorerError for a body that is no JSON, or no
    finished message.
    """
    body = decode_answer(
        answer,
        _Body,
        label=label,
        what="message",
        hint="Does base_url name an Anthropic-compatible API?",
    )
    counts = token_counts(body.usage)
    output_tokens = tokens_of(counts.get("output_tokens"))
    billed = (output_tokens or 0) > 0
    if body.error:
        return read_error(body.error, status=200, may_be_billed=billed)
    if body.content is None or body.stop_reason is None:
        if not body.content and (said := find_error(answer, may_be_billed=billed)):
            return said
        raise TransientScorerError(
            f"{label} sent an answer without a message.", may_be_billed=billed or body.stop_reason is None
        )
    finish = FINISH.get(body.stop_reason)
    if finish is None:
        raise TransientScorerError(
            f"{label} did not finish its answer: stop_reason is {body.stop_reason!r:.80}.",
            may_be_billed=billed,
        )
    return ChatAnswer(
        text="".join(block.text for block in body.content if block.type == "text"),
        finish=finish,
        reasoning="".join(block.thinking for block in body.content if block.type == "thinking"),
        input_tokens=sum(tokens_of(counts.get(name)) or 0 for name in INPUT_COUNTS),
        output_tokens=output_tokens,
    )
