"""Reads the body of a chat completion, strictly: what does not look like one is a broken answer."""

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec

from izcore.plugin import ChatAnswer, HttpAnswer, TransientScorerError, decode_answer

_FINISH: Mapping[str, Literal["length", "filtered", "refusal"]] = {
    "length": "length",
    "content_filter": "filtered",
    "refusal": "refusal",
}


class _Part(msgspec.Struct):
    type: str
    text: str = ""


class _Message(msgspec.Struct):
    content: str | list[_Part] | None = None
    refusal: str | None = None


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None


_Count = Annotated[int, msgspec.Meta(ge=0)]


class _Tokens(msgspec.Struct):
    prompt_tokens: _Count | None = None
    completion_tokens: _Count | None = None


class _Body(msgspec.Struct):
    choices: list[_Choice] | None = None
    usage: _Tokens | None = None


def read_answer(answer: HttpAnswer, label: str) -> ChatAnswer:
    """Return what a chat completion says; ``label`` is what messages call the server.

    Raises TransientScorerError for a body that is no JSON, no completion, or has no choices.
    """
    body = decode_answer(
        answer,
        _Body,
        label=label,
        what="chat completion",
        hint="Does base_url name an OpenAI-compatible API? It usually ends in /v1.",
    )
    if not body.choices:
        raise TransientScorerError(f"{label} sent an answer without choices.", may_be_billed=True)
    choice = body.choices[0]
    tokens = body.usage or _Tokens()
    text, finish = _text(choice.message.content), choice.finish_reason
    if choice.message.refusal:
        text, finish = choice.message.refusal, "refusal"
    return ChatAnswer(
        text=text,
        finish=_FINISH.get(finish or "", "stop"),
        input_tokens=tokens.prompt_tokens,
        output_tokens=tokens.completion_tokens,
    )


def _text(content: str | list[_Part] | None) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    return "".join(part.text for part in content if part.type == "text")
