"""Reads the body of a message, strictly: what does not look like one is a broken answer."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from izcore.plugin import Completion, TransientScorerError, Usage

FINISH: Mapping[str, Literal["length", "refusal"]] = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refusal",
}


class _Block(msgspec.Struct):
    type: str
    text: str = ""


class _Tokens(msgspec.Struct):
    input_tokens: int = 0
    output_tokens: int = 0
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None


class _Body(msgspec.Struct):
    content: list[_Block] | None = None
    stop_reason: str | None = None
    usage: _Tokens | None = None


def _unreadable(message: str, hint: str = "") -> TransientScorerError:
    """The server did its work, and may bill it, though nobody can read the answer."""
    return TransientScorerError(message, hint=hint, may_be_billed=True)


def read_answer(body: bytes, content_type: str, bound: Usage, label: str) -> Completion:
    """Return the completion in ``body``; a message may hold no text at all.

    Without token usage in it the completion is charged at ``bound``, so that a budget still holds; a body
    that cannot be read may be billed all the same.
    Raises TransientScorerError for a body that is no JSON, or no finished message.
    """
    try:
        answer = msgspec.json.decode(body, type=_Body)
    except msgspec.ValidationError as error:
        raise TransientScorerError(
            f"{label} sent something that is no message: {error}.", may_be_billed=True
        ) from None
    except msgspec.DecodeError:
        hint = "" if "json" in content_type else "Does base_url name an Anthropic-compatible API?"
        raise TransientScorerError(
            f"{label} sent an answer that is not JSON.", hint=hint, may_be_billed=True
        ) from None
    if answer.content is None or answer.stop_reason is None:
        raise _unreadable(f"{label} sent an answer without a message.")
    usage = bound
    if answer.usage is not None:
        tokens = answer.usage
        usage = Usage(
            input_tokens=tokens.input_tokens
            + (tokens.cache_creation_input_tokens or 0)
            + (tokens.cache_read_input_tokens or 0),
            output_tokens=tokens.output_tokens,
        )
    text = "".join(block.text for block in answer.content if block.type == "text")
    return Completion(text=text, usage=usage, finish=FINISH.get(answer.stop_reason, "stop"))
