"""Reads the body of a chat completion, strictly: what does not look like one is a broken answer."""

from typing import Annotated

import msgspec

from izcore.plugin import Completion, TransientScorerError, Usage


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


def _unreadable(message: str, hint: str = "") -> TransientScorerError:
    """The server did its work, and may bill it, though nobody can read the answer."""
    return TransientScorerError(message, hint=hint, may_be_billed=True)


def read_answer(body: bytes, content_type: str, bound: Usage, label: str) -> Completion:
    """Return the completion in ``body``.

    What it does not say of tokens, or cannot be (a prompt of none), is charged at ``bound``, so that a budget
    still holds; a body that cannot be read may be billed all the same.
    Raises TransientScorerError for a body that is no JSON, no completion, or has no choices.
    """
    try:
        answer = msgspec.json.decode(body, type=_Body)
    except msgspec.ValidationError as error:
        raise TransientScorerError(
            f"{label} sent something that is no chat completion: {error}.", may_be_billed=True
        ) from None
    except msgspec.DecodeError:
        hint = (
            ""
            if "json" in content_type
            else "Does base_url name an OpenAI-compatible API? It usually ends in /v1."
        )
        raise TransientScorerError(
            f"{label} sent an answer that is not JSON.", hint=hint, may_be_billed=True
        ) from None
    if not answer.choices:
        raise _unreadable(f"{label} sent an answer without choices.")
    choice = answer.choices[0]
    tokens = answer.usage or _Tokens()
    usage = Usage(
        input_tokens=tokens.prompt_tokens or bound.input_tokens,
        output_tokens=bound.output_tokens if tokens.completion_tokens is None else tokens.completion_tokens,
    )
    if choice.message.refusal:
        return Completion(text=choice.message.refusal, usage=usage, finish="refusal")
    text = _text(choice.message.content)
    if choice.finish_reason == "content_filter":
        return Completion(text=text, usage=usage, finish="filtered")
    return Completion(text=text, usage=usage, finish="length" if choice.finish_reason == "length" else "stop")


def _text(content: str | list[_Part] | None) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    return "".join(part.text for part in content if part.type == "text")
