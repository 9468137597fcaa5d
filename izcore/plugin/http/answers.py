"""What an answer says, in the same terms for every provider."""

from typing import TypeVar

import msgspec

from izcore.plugin.errors import TransientScorerError
from izcore.plugin.records import Completion, FinishReason, Record, Usage

Body = TypeVar("Body")


class HttpAnswer(Record):
    """The body of a response with status 200, and what its header says that it is."""

    body: bytes
    content_type: str = ""


class ChatAnswer(Record):
    """What a provider's answer says. A number of tokens is None where the answer does not tell it."""

    text: str
    finish: FinishReason = "stop"
    input_tokens: int | None = None
    output_tokens: int | None = None


def decode_answer(answer: HttpAnswer, body: type[Body], *, label: str, what: str, hint: str = "") -> Body:
    """Return the body of an answer as a record of the type ``body``.

    ``label`` is what messages call the server, and ``what`` what the answer should be, such as "chat
    completion". ``hint`` is for a server that sends something else than JSON.
    Raises TransientScorerError where it is none. The server did its work then, and may bill it.
    """
    try:
        return msgspec.json.decode(answer.body, type=body)
    except msgspec.ValidationError as error:
        raise TransientScorerError(
            f"{label} sent something that is no {what}: {error}.", may_be_billed=True
        ) from None
    except msgspec.DecodeError:
        raise TransientScorerError(
            f"{label} sent an answer that is not JSON.",
            hint="" if "json" in answer.content_type else hint,
            may_be_billed=True,
        ) from None


def completion_of(answer: ChatAnswer, bound: Usage) -> Completion:
    """Return the completion that an answer makes.

    Tokens that it does not tell, or a prompt of none, which cannot be, are charged at ``bound``, so that a
    budget still holds.
    """
    usage = Usage(
        input_tokens=answer.input_tokens or bound.input_tokens,
        output_tokens=bound.output_tokens if answer.output_tokens is None else answer.output_tokens,
    )
    return Completion(text=answer.text, usage=usage, finish=answer.finish)
