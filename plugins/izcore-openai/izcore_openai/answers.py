"""Reads the body of a chat completion, strictly: what does not look like one is a broken answer."""

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

_FINISH: Mapping[str, FinishReason] = {
    **dict.fromkeys(
        (
            "",
            "stop",
            "eos",
            "eos_token",
            "stop_sequence",
            "end_turn",
            "complete",
            "tool_calls",
            "function_call",
        ),
        "stop",
    ),
    **dict.fromkeys(("length", "max_tokens", "model_length", "max_output_tokens"), "length"),
    **dict.fromkeys(
        ("content_filter", "safety", "recitation", "prohibited_content", "sensitive"), "filtered"
    ),
    "refusal": "refusal",
}
"""How answers end; servers that speak the protocol keep the words of the models behind them."""


class _Message(msgspec.Struct):
    content: str | list[Any] | None = None
    refusal: str | None = None
    reasoning_content: Any = None
    reasoning: Any = None
    tool_calls: Any = None
    function_call: Any = None

    @property
    def says_nothing(self) -> bool:
        """Whether it has no content at all, not even an empty one, and calls no function."""
        return self.content is None and not (self.tool_calls or self.function_call)


class _Choice(msgspec.Struct):
    message: _Message | None = None
    finish_reason: str | None = None
    error: Any = None


class _Body(msgspec.Struct):
    choices: list[_Choice] | None = None
    error: Any = None
    usage: msgspec.Raw = msgspec.Raw(b"null")


def read_answer(answer: HttpAnswer, label: str) -> ChatAnswer | ErrorReply:
    """Return what a chat completion says, or the error that came in its place.

    ``label`` is what messages call the server. Raises TransientScorerError for a body that is no JSON, no
    completion, or has no choices, and for an answer that did not end as answers do.
    """
    body = decode_answer(
        answer,
        _Body,
        label=label,
        what="chat completion",
        hint="Does base_url name an OpenAI-compatible API? It usually ends in /v1.",
    )
    counts = token_counts(body.usage)
    output_tokens = tokens_of(counts.get("completion_tokens"))
    billed = (output_tokens or 0) > 0
    choice = body.choices[0] if body.choices else _Choice()
    if error := body.error or choice.error:
        return read_error(error, status=200, may_be_billed=billed)
    message = choice.message
    if message is None:
        if not body.choices and (said := find_error(answer, may_be_billed=billed)):
            return said
        raise TransientScorerError(f"{label} sent an answer without choices.", may_be_billed=True)
    finish = _FINISH.get((choice.finish_reason or "").lower())
    if finish is None:
        raise TransientScorerError(
            f"{label} did not finish its answer: finish_reason is {choice.finish_reason!r:.80}.",
            may_be_billed=billed,
        )
    text, thoughts = _parts(message.content)
    reasoning = thoughts or _parts(message.reasoning_content)[0] or _parts(message.reasoning)[0]
    if message.refusal:
        text, finish = message.refusal, "refusal"
    elif finish == "stop" and message.says_nothing and not reasoning:
        raise TransientScorerError(
            f"{label} sent an answer without content, and no reason for it.", may_be_billed=billed
        )
    return ChatAnswer(
        text=text,
        finish=finish,
        reasoning=reasoning,
        input_tokens=tokens_of(counts.get("prompt_tokens")),
        output_tokens=output_tokens,
    )


def _parts(content: Any) -> tuple[str, str]:
    """Return what is said and what is thought in a message's content: a text, or typed parts."""
    if isinstance(content, str):
        return content, ""
    said, thought = "", ""
    for part in content if isinstance(content, list) else []:
        if not isinstance(part, dict):
            continue
        kind = part.get("type")
        inner = part.get("thinking") or part.get("reasoning") or part.get("summary") or part.get("text") or ""
        if kind in ("text", "output_text"):
            said += str(part.get("text") or "")
        elif kind in ("thinking", "reasoning", "reasoning_content", "thought", "summary_text"):
            thought += _parts(inner)[0]
    return said, thought
