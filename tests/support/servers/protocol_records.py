"""What a test can ask of the protocol server, and what it sees afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Protocol = Literal["openai", "anthropic"]

# --- what a test can ask for -----------------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    """A correct answer. ``text`` longer than the request allows is cut; usage is counted unless left out."""

    text: str = "ok"
    delay: float = 0.0
    with_usage: bool = True


@dataclass(frozen=True)
class Refusal:
    """The model declines."""

    text: str = "I can't help with that."


@dataclass(frozen=True)
class Filtered:
    """The provider's content filter: in the answer (200), or rejecting the prompt (400)."""

    status: Literal[200, 400] = 200


@dataclass(frozen=True)
class Failure:
    """An error response of that status; ``code`` is OpenAI's ``error.code``, or Anthropic's error code."""

    status: int
    message: str = "scripted failure"
    code: str | None = None
    type: str | None = None
    retry_after: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0


@dataclass(frozen=True)
class NoChoices:
    """A well-formed answer without an answer in it: no choices, or a message that has not ended."""


@dataclass(frozen=True)
class Body:
    """These bytes, whatever they are."""

    content: bytes
    content_type: str = "application/json"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Dropped:
    """A correct answer whose connection breaks in the middle of the body."""


@dataclass(frozen=True)
class Dripping:
    """A correct answer, one byte every ``interval`` seconds."""

    interval: float = 0.05


Behaviour = Answer | Refusal | Filtered | Failure | NoChoices | Body | Dropped | Dripping


@dataclass(frozen=True)
class Model:
    """What the server knows of a model: context in tokens, and what its requests must look like.

    ``reasons``: spends ``thinking`` output tokens before it answers and refuses a temperature.
    """

    context: int = 32_768
    reasons: bool = False
    thinking: int = 0


DEFAULT_MODELS: Mapping[str, Model] = {
    "test-model": Model(),
    "gpt-4o-mini": Model(),
    "gpt-5-mini": Model(reasons=True, thinking=40),
    "claude-haiku-4-5": Model(),
    "claude-haiku-5-5": Model(reasons=True, thinking=40),
}


# --- what a test sees --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Call:
    """A request as it arrived; ``index`` counts from 0, ``received`` is time.monotonic()."""

    index: int
    protocol: Protocol
    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    received: float

    @property
    def prompt(self) -> str:
        """Text of the last user message."""
        return texts(self.body["messages"][-1]["content"])

    @property
    def system(self) -> str:
        """The system (or developer) prompt, if there is one."""
        if self.protocol == "anthropic":
            return texts(self.body.get("system", ""))
        roles = ("system", "developer")
        return "".join(texts(m["content"]) for m in self.body["messages"] if m["role"] in roles)

    @property
    def key(self) -> str:
        """The key that came with it."""
        bearer = self.headers.get("authorization", "").removeprefix("Bearer ")
        return self.headers.get("x-api-key") or self.headers.get("api-key") or bearer


@dataclass(frozen=True)
class Exchange:
    """A call and how it went; ``status`` is None where the connection was dropped.

    ``behaviour`` is None where the server itself rejected the request. Listed before the bytes leave.
    """

    call: Call
    behaviour: Behaviour | None
    status: int | None

    @property
    def answered(self) -> bool:
        """Whether a complete, usable answer was sent."""
        return self.status == 200 and isinstance(self.behaviour, Answer | Refusal | Filtered | Dripping)


def texts(content: Any) -> str:
    """The text of a message's content, which may come in parts."""
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
