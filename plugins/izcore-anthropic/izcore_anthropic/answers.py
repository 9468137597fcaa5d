"""Reads the body of a message, strictly: what does not look like one is a broken answer."""

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec

from izcore.plugin import ChatAnswer, HttpAnswer, TransientScorerError, decode_answer

FINISH: Mapping[str, Literal["length", "refusal"]] = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refusal",
}


class _Block(msgspec.Struct):
    type: str
    text: str = ""


_Count = Annotated[int, msgspec.Meta(ge=0)]


class _Tokens(msgspec.Struct):
    input_tokens: _Count | None = None
    output_tokens: _Count | None = None
    cache_creation_input_tokens: _Count | None = None
    cache_read_input_tokens: _Count | None = None

    @property
    def all_input_tokens(self) -> int:
        """With those that the provider writes to its cache, or reads from it."""
        parts = (self.input_tokens, self.cache_creation_input_tokens, self.cache_read_input_tokens)
        return sum(part or 0 for part in parts)


class _Body(msgspec.Struct):
    content: list[_Block] | None = None
    stop_reason: str | None = None
    usage: _Tokens | None = None


def read_answer(answer: HttpAnswer, label: str) -> ChatAnswer:
    """Return what a message says, which may hold no text at all; ``label`` is what messages call the server.

    Raises TransientScorerError for a body that is no JSON, or no finished message.
    """
    body = decode_answer(
        answer,
        _Body,
        label=label,
        what="message",
        hint="Does base_url name an Anthropic-compatible API?",
    )
    if body.content is None or body.stop_reason is None:
        raise TransientScorerError(f"{label} sent an answer without a message.", may_be_billed=True)
    tokens = body.usage or _Tokens()
    return ChatAnswer(
        text="".join(block.text for block in body.content if block.type == "text"),
        finish=FINISH.get(body.stop_reason, "stop"),
        input_tokens=tokens.all_input_tokens,
        output_tokens=tokens.output_tokens,
    )
