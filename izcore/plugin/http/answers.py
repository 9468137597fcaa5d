"""What an answer says, in the same terms for every provider."""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol, TypeVar

import msgspec

from izcore.plugin.calls import Completion, FinishReason, Usage
from izcore.plugin.errors import TransientScorerError
from izcore.plugin.record import Record
from izcore.plugin.usage import whole_tokens, with_believable_usage

Body = TypeVar("Body")

LARGEST_BODY = 64 * 2**20
"""Bytes of a response, unpacked. The longest answers of today's models have a few MB; a small compressed
response may unfold to gigabytes."""


class HttpAnswer(Record):
    """The body of a response with status 200, and what its header says that it is."""

    body: bytes
    content_type: str = ""


class ChatAnswer(Record):
    """What a provider's answer says.

    ``reasoning`` is what the model thought, where the provider keeps it apart from the ``text``. A number of
    tokens is None where the answer does not tell it.
    """

    text: str
    finish: FinishReason = "stop"
    reasoning: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None


class Chunks(Protocol):
    """A response whose body has not been read, such as httpx's."""

    def aiter_bytes(self) -> AsyncIterator[bytes]:
        """Yield the unpacked body piece by piece."""
        ...


async def read_capped(response: Chunks, limit: int = LARGEST_BODY) -> bytes:
    """Return the unpacked body of a response; raise TransientScorerError above ``limit`` bytes."""
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > limit:
            raise TransientScorerError(
                f"The server sent an answer larger than {limit // 2**20} MiB.", may_be_billed=True
            )
    return bytes(body)


def decode_answer(answer: HttpAnswer, body: type[Body], *, label: str, what: str, hint: str = "") -> Body:
    """Return the body of an answer as a record of the type ``body``.

    ``label`` is what messages call the server, and ``what`` what the answer should be, such as "chat
    completion". ``hint`` is for a server that sends something else than JSON.
    Raises TransientScorerError where it is none. The server did its work then, and may bill it.
    """
    try:
        return msgspec.json.decode(answer.body, type=body)
    except msgspec.ValidationError as error:
        fault, hint = f"something that is no {what}: {error}", ""
    except UnicodeError:
        fault, hint = "an answer that is not UTF-8", ""
    except RecursionError:
        fault, hint = "an answer that is nested too deeply", ""
    except msgspec.DecodeError:
        fault, hint = "an answer that is not JSON", "" if "json" in answer.content_type else hint
    raise TransientScorerError(f"{label} sent {fault}.", hint=hint, may_be_billed=True)


def token_counts(usage: msgspec.Raw) -> Mapping[str, Any]:
    """Return the object in which an answer tells its tokens; an empty one where it is none.

    What an answer says of its tokens is advice: it never makes the answer unreadable.
    """
    try:
        found = json.loads(bytes(usage))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def tokens_of(count: Any) -> int | None:
    """Return a number of tokens, fractions rounded up, also from a text; None where there is none.

    A number that cannot be, such as an infinite one, is negative.
    """
    if isinstance(count, bool) or not isinstance(count, int | float | str):
        return None
    return whole_tokens(count)


def completion_of(answer: ChatAnswer, bound: Usage) -> Completion:
    """Return the completion that an answer makes.

    Tokens that it does not tell, or a prompt of none, which cannot be, are charged at ``bound``, so that a
    budget still holds. So are absurd numbers; the completion is marked, then.
    """
    told = answer.output_tokens
    usage = Usage(
        input_tokens=answer.input_tokens or bound.input_tokens,
        output_tokens=bound.output_tokens if told is None else told,
    )
    completion = Completion(text=answer.text, usage=usage, finish=answer.finish, reasoning=answer.reasoning)
    return with_believable_usage(completion, bound)
