"""Reads the body of a message, strictly: what does not look like one is a broken answer."""

from collections.abc import Mapping
from typing import Annotated, Literal

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


def _unreadable(message: str, hint: str = "") -> TransientScorerError:
    """The server did its work, and may bill it, though nobody can read the answer."""
    return TransientScorerError(message, hint=hint, may_be_billed=True)


def read_answer(body: bytes, content_type: str, bound: Usage, label: str) -> Completion:
    """Return the completion in ``body``; a message may hold no text at all.

    What it does not say of tokens, or cannot be (a prompt of none), is charged at ``bound``, so that a budget
    still holds; a body that cannot be read may be billed all the same.
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
    tokens = answer.usage or _Tokens()
    usage = Usage(
        input_tokens=tokens.all_input_tokens or bound.input_tokens,
        output_tokens=bound.output_tokens if tokens.output_tokens is None else tokens.output_tokens,
    )
    text = "".join(block.text for block in answer.content if block.type == "text")
    return Completion(text=text, usage=usage, finish=FINISH.get(answer.stop_reason, "stop"))
