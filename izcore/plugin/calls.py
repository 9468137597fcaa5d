"""Records of what a model is asked, what it answers, and what that costs."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from izcore.plugin.errors import UsageError
from izcore.plugin.record import Record

_LABEL = 16
"""Characters of a digest that tell the images of a task apart."""


class Usage(Record, rename={"input_tokens": "input", "output_tokens": "output"}):
    """Tokens of one or more calls."""

    input_tokens: int = 0
    output_tokens: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
        )

    @property
    def total(self) -> int:
        """Input and output tokens together."""
        return self.input_tokens + self.output_tokens


class Price(Record):
    """US dollars per million tokens."""

    input: Annotated[float, Meta(ge=0)]
    output: Annotated[float, Meta(ge=0)]

    def cost(self, usage: Usage) -> float:
        """Return the cost of ``usage`` in US dollars."""
        return (usage.input_tokens * self.input + usage.output_tokens * self.output) / 1e6


class Amount(Record):
    """Calls, tokens and US dollars, spent or reserved."""

    calls: int = 0
    usage: Usage = Usage()
    cost_usd: float = 0.0

    @property
    def rounded_cost(self) -> float:
        """US dollars without the rounding errors of their sum, which depend on its order."""
        return round(self.cost_usd, 9)

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(
            calls=self.calls + other.calls,
            usage=self.usage + other.usage,
            cost_usd=self.cost_usd + other.cost_usd,
        )

    def __sub__(self, other: "Amount") -> "Amount":
        return Amount(
            calls=self.calls - other.calls,
            usage=Usage(
                input_tokens=self.usage.input_tokens - other.usage.input_tokens,
                output_tokens=self.usage.output_tokens - other.usage.output_tokens,
            ),
            cost_usd=self.cost_usd - other.cost_usd,
        )


class Image(Record, omit_defaults=True):
    """An image that a message shows.

    ``source`` is the absolute path of a file, or a URL (http, https, or data, with the content in it). Of a
    file, ``digest`` is the SHA-256 digest of the content, in hexadecimal.
    :func:`~izcore.plugin.images.find_image` makes one, :func:`~izcore.plugin.images.encode_image` returns
    its content.
    """

    source: str
    digest: str = ""

    @property
    def is_url(self) -> bool:
        """Whether ``source`` is a URL, of which nothing is known here."""
        return not self.digest

    @property
    def identity(self) -> str:
        """What tells the image from others: the digest of its content, where that is known, else its URL."""
        return self.digest or self.source

    @property
    def label(self) -> str:
        """A short text that tells the image from others, for people."""
        if self.source.startswith("data:"):
            return hashlib.sha256(self.source.encode()).hexdigest()[:_LABEL]
        return self.digest[:_LABEL] or self.source


class Message(Record, omit_defaults=True):
    """A turn of a conversation: who speaks, what is said, and which images are shown."""

    role: Literal["user", "assistant"]
    text: str
    images: tuple[Image, ...] = ()


class Prompt(Record, omit_defaults=True):
    """What the black box is asked: a user's message, and what stands before it in the conversation.

    ``text`` is the user's message, the last one. ``system`` is the system message; empty for none. ``turns``
    are the messages between the two, oldest first. Only a scorer whose :class:`ScorerInfo` says ``messages``
    is given a system message or turns. ``images`` are shown with the user's message; only a scorer whose
    :class:`ScorerInfo` says ``images`` is given any.

    ``temperature`` overrides the scorer's own (None: as configured); a model that takes none samples in its
    own way. ``sample`` tells several answers to one text apart: the same number gives the same answer from
    the cache, another number is asked anew, and seeds what samples from a seed. ``room`` is how many tokens
    the answer needs room for: a scorer that is set up for shorter answers makes that much. ``prefill`` is how
    the answer shall begin, for a model that can be made to go on from it, instead of what the scorer is set
    up with; it is not part of the answer. Other models ignore it, so the text should ask for it too.
    """

    text: str
    temperature: Annotated[float, Meta(ge=0)] | None = None
    sample: Annotated[int, Meta(ge=0)] = 0
    room: Annotated[int, Meta(ge=0)] = 0
    prefill: str = ""
    system: str = ""
    turns: tuple[Message, ...] = ()
    images: tuple[Image, ...] = ()

    @property
    def messages(self) -> tuple[Message, ...]:
        """The turns and the user's message."""
        return (*self.turns, Message(role="user", text=self.text, images=self.images))

    @property
    def all_images(self) -> tuple[Image, ...]:
        """The images of all messages, in order."""
        return tuple(image for message in self.messages for image in message.images)

    def as_chat(self) -> list[dict[str, str]]:
        """Return what is said, oldest first, each with ``role`` and ``content``; images are not in it."""
        system = [{"role": "system", "content": self.system}] if self.system else []
        return [*system, *({"role": each.role, "content": each.text} for each in self.messages)]

    def folded(self) -> "Prompt":
        """Return the same prompt in one message, for a model that knows no others.

        The system message comes first, then the turns and the user's message, with a blank line between any
        two. Where there are turns, each message but the system's says who speaks. All images are shown with
        that message, in order.
        """
        said = [f"{each.role.capitalize()}: {each.text}" for each in self.messages]
        parts = [*([self.system] if self.system else []), *(said if self.turns else [self.text])]
        text = "\n\n".join(parts)
        return msgspec.structs.replace(self, system="", turns=(), text=text, images=self.all_images)


class ScorerInfo(Record):
    """What the core must know about a scorer.

    ``identity`` names everything that changes an answer (model, temperature, system prompt …); two
    scorers with equal identities share cached completions. ``batch_size`` is the largest number of
    prompts in one request, ``concurrency`` the number of requests under way at once. ``price`` is
    None where it is not known; a local model costs 0. ``price_source`` says where it is from, and of when.
    ``messages`` says that the scorer sends a prompt's system message and turns as what they are; to any other
    scorer they come within the text of its prompts. ``system`` is what it says as a system message before
    that of a prompt. ``images`` says that it sends images; a run with images
    is refused with any other scorer.
    """

    identity: Mapping[str, Any]
    batch_size: int = 1
    concurrency: int = 1
    price: Price | None = None
    messages: bool = False
    images: bool = False
    price_source: str = ""
    system: str = ""

    def as_taken(self, prompt: Prompt) -> Prompt:
        """Return a prompt as the scorer takes it: in one message, if it knows no others.

        Raises UsageError if the prompt shows images and the scorer takes none.
        """
        if prompt.all_images and not self.images:
            model = self.identity.get("model", "The scorer")
            raise UsageError(
                f"{model} takes no images, and the task has some.",
                hint="Choose a model that takes them (--scorer), or leave them out "
                "(of a file: --set task.show_images=false).",
            )
        return prompt if self.messages else prompt.folded()


class CompletionRequest(Record):
    """Prompts to be answered, at most ``ScorerInfo.batch_size`` of them."""

    prompts: tuple[Prompt, ...]
    seed: int = 0


FinishReason = Literal["stop", "length", "refusal", "filtered", "empty"]


class Completion(Record):
    """One answer of the black box.

    ``finish`` tells a natural end (``stop``) from a cut (``length``), a refusal of the model and a
    content filter of the provider; ``empty`` is what the core calls a natural end without a word.
    ``reasoning`` is what the model thought before it answered, where it is told; no part of the answer.
    ``usage_capped`` is the core's mark for an answer whose scorer told a number of tokens that cannot be: the
    most that the call could have stands in its place.
    """

    text: str
    usage: Usage = Usage()
    finish: FinishReason = "stop"
    reasoning: str = ""
    usage_capped: bool = False


class CompletionResult(Record):
    """One completion per prompt of the request, in order."""

    completions: tuple[Completion, ...]


class AskRequest(Record):
    """Prompts for the model that the option ``option`` names, one of the registration's ``models``."""

    option: str
    prompts: tuple[Prompt, ...]


class AskResult(Record):
    """One completion per prompt, in order; None where the call failed for good."""

    completions: tuple[Completion | None, ...]


Ask = Callable[[AskRequest], Awaitable[AskResult]]
"""Asks a model that an option names, through the run's budget, cache, rate limits and retries.

Raises :class:`~izcore.plugin.errors.BudgetExhaustedError` before anything is sent that the budget has no
room for.
"""
