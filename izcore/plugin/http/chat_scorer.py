"""A scorer for a model behind HTTP: all that does not depend on whose model it is."""

import asyncio
import math
import os
from abc import abstractmethod
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Generic

import msgspec
from msgspec import Meta

from izcore.plugin.calls import (
    Completion,
    CompletionRequest,
    CompletionResult,
    Price,
    Prompt,
    ScorerInfo,
    Usage,
)
from izcore.plugin.errors import FatalScorerError, PromptRejectedError, TransientScorerError
from izcore.plugin.http.answers import ChatAnswer, HttpAnswer, completion_of
from izcore.plugin.http.clients import Client, LoopClients
from izcore.plugin.http.connection import root_cause, was_sent
from izcore.plugin.http.endpoint import Endpoint
from izcore.plugin.http.failures import (
    ErrorReply,
    ErrorSigns,
    Failure,
    failure_of,
    is_filtered,
    without_key,
)
from izcore.plugin.http.prices import ListPrice, check_price_holds, price_at
from izcore.plugin.images import ImageLimits, check_images
from izcore.plugin.protocols import BYTES_PER_TOKEN, FRAME_TOKENS, Scorer
from izcore.plugin.record import Options

PROXY_VARIABLES = ("ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY")
OFFICIAL_OVERHEAD = 64
OTHER_OVERHEAD = 512
"""Tokens that a chat template adds: a few at the providers themselves; some open models add a system prompt
of their own."""
COUNT_MARGIN = 1.25
"""By so much a model may count more tokens than the tokenizer that is at hand."""
TURN_OVERHEAD = 16
"""Tokens that a chat template adds to each further message: its role, and marks of its beginning and end."""


class ChatOptions(Options, frozen=True, kw_only=True):
    """What users can set on every scorer behind HTTP. No option holds a key: keys come from the environment.

    Subclass it and add what your provider takes besides.
    """

    model: Annotated[str, Meta(min_length=1, description="The model's name as the server knows it")]
    base_url: Annotated[str, Meta(description="The server's URL; else the provider's own")] = ""
    api_key_env: Annotated[
        str,
        Meta(
            pattern="^([A-Z_][A-Z0-9_]*)?$",
            description="Environment variable that holds the key; else the provider's own",
        ),
    ] = ""
    max_output_tokens: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        Meta(description="Most tokens of an answer, reasoning included; else 256, or 4096 if it reasons"),
    ] = None
    system: Annotated[str, Meta(description="System prompt; none if empty")] = ""
    timeout: Annotated[float, Meta(gt=0, description="Longest time for one call, in seconds")] = 120.0
    concurrency: Annotated[int, Meta(ge=1, le=4096, description="Calls under way at once")] = 8
    price: Annotated[
        Price | None,
        Meta(description="US dollars per million tokens {input, output}; else the plugin's price list"),
    ] = None


class HttpChatScorer(Scorer, Generic[Client]):
    """Asks one model of one provider over HTTP.

    A subclass says what its provider does differently: how a client is made (:meth:`make_client`), how a
    prompt is sent (:meth:`send`), what a body says (:meth:`read`) and what the client's errors mean
    (:attr:`errors`, :attr:`signs`, :meth:`reply_of`). This class does the rest: several prompts at once,
    clients for each event loop, bounds, prices, timeouts, failures in words for people, and no key in any of
    them. One object may be used in several event loops, one after another or at once; ``aclose`` closes the
    connections of the loop that it runs in.

    ``identity`` is all that a request holds beside its prompt. ``output_tokens`` is the most that an answer
    may have. ``listed`` is the model's list price; None where it is not known. ``images`` are the limits of
    images; None where :meth:`send` sends none, or the model takes none.
    """

    errors: ClassVar[tuple[type[Exception], ...]]
    """What the client raises. Anything else is a fault of the scorer, and goes through."""
    connection_errors: ClassVar[tuple[type[Exception], ...]]
    """Those of :attr:`errors` that mean that the connection failed."""
    timeout_errors: ClassVar[tuple[type[Exception], ...]] = ()
    """Those of :attr:`connection_errors` that mean that the server took too long."""
    reasoning_tokens: int = 0
    """Tokens that the model usually spends on reasoning before an answer."""
    signs: ClassVar[ErrorSigns]
    """How the provider's error responses say what is wrong."""

    messages: ClassVar[bool] = False
    """Whether :meth:`send` sends a prompt's system message (:meth:`system_of`) and its turns."""

    def __init__(
        self,
        options: ChatOptions,
        endpoint: Endpoint,
        *,
        identity: Mapping[str, Any],
        output_tokens: int,
        listed: ListPrice | None = None,
        images: ImageLimits | None = None,
    ) -> None:
        self._options = options
        self._endpoint = endpoint
        self._identity = dict(identity)
        self._output_tokens = output_tokens
        self._images = images
        own = ListPrice(price=options.price, source="scorer.price") if options.price else None
        self._listed = own or price_at(endpoint, options.model, listed)
        self._understood: tuple[type[Exception], ...] = (
            *self.errors,
            *(TimeoutError, UnicodeError, TransientScorerError),
        )
        self._clients: LoopClients[Client] = LoopClients(self._make_client, concurrency=options.concurrency)

    @abstractmethod
    def make_client(self) -> Client:
        """Return a client that tries nothing again: the core does, under the run's budget."""

    @abstractmethod
    async def send(self, client: Client, prompt: Prompt) -> HttpAnswer:
        """Send one prompt and return the response; raise one of :attr:`errors` for an error response."""

    @abstractmethod
    def read(self, answer: HttpAnswer) -> ChatAnswer | ErrorReply:
        """Return what a response says: an answer, or the error that came in its place.

        Raises TransientScorerError where it says nothing that can be read.
        """

    @abstractmethod
    def reply_of(self, error: Exception) -> ErrorReply | None:
        """Return the error response that the client raised as ``error``; None where it is none."""

    def info(self) -> ScorerInfo:
        """Say identity (all that a request holds beside its prompt), concurrency and price."""
        return ScorerInfo(
            identity=self._identity,
            batch_size=1,
            concurrency=self._options.concurrency,
            price=self._listed.price if self._listed else None,
            price_source=self._listed.source if self._listed else "",
            messages=self.messages,
            images=self._images is not None,
            system=self._options.system,
        )

    def system_of(self, prompt: Prompt) -> str:
        """Return the system message of a call: the option's and the prompt's; empty for none."""
        return "\n\n".join(part for part in (self._options.system, prompt.system) if part)

    def bound(self, prompt: Prompt) -> Usage:
        """Return an upper bound: a byte-level token is at least one byte of UTF-8.

        Where the tokens can be counted, it is a quarter more than their number, since the provider's
        tokenizer may be newer.

        Raises UsageError for a prompt that may be so long that the price list does not hold for it, and for
        images that are gone or too large.
        """
        text = self._text_of(prompt)
        size = len(text.encode("utf-8", "surrogatepass"))
        counted = self.count_tokens(text)
        if counted is not None:
            size = min(size, math.ceil(counted * COUNT_MARGIN))
        overhead = OFFICIAL_OVERHEAD if self._endpoint.official else OTHER_OVERHEAD
        size += overhead + TURN_OVERHEAD * len(prompt.turns)
        if self._images is not None:
            check_images(prompt, self._images, self._options.model)
            size += self._images.tokens * len(prompt.all_images)
        check_price_holds(size, self._listed.up_to if self._listed else None, self._options.model)
        return Usage(input_tokens=size, output_tokens=max(self._output_tokens, prompt.room))

    def expected(self, prompt: Prompt) -> Usage:
        """Return the tokens of the prompt, by the model's tokenizer if it is at hand, and usual reasoning."""
        text, most = self._text_of(prompt), self.bound(prompt)
        counted = self.count_tokens(text)
        if counted is None:
            counted = math.ceil(len(text.encode("utf-8", "surrogatepass")) / BYTES_PER_TOKEN)
        tokens = counted + FRAME_TOKENS * (1 + len(prompt.turns))
        if self._images is not None:
            tokens += min(self._images.likely, self._images.tokens) * len(prompt.all_images)
        return Usage(
            input_tokens=min(most.input_tokens, tokens),
            output_tokens=min(most.output_tokens, self.reasoning_tokens),
        )

    def count_tokens(self, text: str) -> int | None:
        """Return the tokens of a text; None where no tokenizer of the model is at hand.

        Override it with one that is exact, or nearly so. It is asked for every prompt, and must neither fail
        nor wait for a network.
        """
        return None

    def _text_of(self, prompt: Prompt) -> str:
        return "".join((self.system_of(prompt), *(turn.text for turn in prompt.turns), prompt.text))

    async def complete(self, request: CompletionRequest) -> CompletionResult:
        """Answer every prompt, in order; ``request.seed`` is not used."""
        outcomes = await asyncio.gather(*(self._answer(p) for p in request.prompts), return_exceptions=True)
        failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        if failures:
            # One that no further try can mend outweighs the others.
            raise next((f for f in failures if isinstance(f, FatalScorerError)), failures[0])
        return CompletionResult(completions=tuple(o for o in outcomes if isinstance(o, Completion)))

    async def aclose(self) -> None:
        """Close the connections of the running event loop."""
        await self._clients.aclose()

    async def _answer(self, prompt: Prompt) -> Completion:
        bound = self.bound(prompt)
        try:
            # A client's timeout starts afresh with every byte received; this one is for the whole call.
            async with asyncio.timeout(self._options.timeout):
                answer = await self.send(self._clients.current(), prompt)
            said = self.read(answer)
            if isinstance(said, ChatAnswer):
                return self._without_key(completion_of(said, bound))
            outcome = self._outcome(said, bound)
        except self._understood as error:
            reply = self.reply_of(error)
            outcome = self._failure(error) if reply is None else self._outcome(reply, bound)
        if isinstance(outcome, Completion):
            return outcome
        failure = without_key(outcome, self._endpoint)
        # Raised here, the failure does not drag the client's error (with the request's headers) along.
        raise failure

    def _without_key(self, completion: Completion) -> Completion:
        # Some servers and gateways repeat what they were sent, with the key in it.
        scrub = self._endpoint.key.scrub_answer
        return msgspec.structs.replace(
            completion, text=scrub(completion.text), reasoning=scrub(completion.reasoning)
        )

    def _outcome(self, reply: ErrorReply, bound: Usage) -> Completion | Failure:
        if is_filtered(reply, self.signs):
            # Providers may charge for a prompt that they reject, without saying how much.
            return Completion(text="", usage=Usage(input_tokens=bound.input_tokens), finish="filtered")
        return failure_of(reply, self.signs, self._endpoint, self._options.model)

    def _make_client(self) -> Client:
        try:
            return self.make_client()
        except (ImportError, ValueError) as error:
            # Clients read the system's proxies when they are made.
            found = [each for each in PROXY_VARIABLES if os.environ.get(each) or os.environ.get(each.lower())]
            if not found:
                raise
            missing = isinstance(error, ImportError)
            what = "needs support that is not installed" if missing else "cannot be used"
            message = f"The proxy that {' or '.join(found)} names {what}: {root_cause(error)}."
        # Raised here, it does not drag the client's error along.
        raise FatalScorerError(
            message, hint="For a SOCKS proxy: pip install socksio. Without a proxy: unset the variable."
        )

    def _failure(self, error: Exception) -> Failure:
        endpoint = self._endpoint
        if isinstance(error, Failure):
            return error
        if isinstance(error, (*self.timeout_errors, TimeoutError)):
            return TransientScorerError(
                f"{endpoint.label} did not answer within {self._options.timeout:g} seconds.",
                hint="If it is just slow, raise scorer.timeout.",
                may_be_billed=was_sent(error),
            )
        if isinstance(error, self.connection_errors):
            return TransientScorerError(
                f"The connection to {endpoint.base_url} failed: {root_cause(error)}.",
                hint="Check that the server runs and that base_url is right.",
                may_be_billed=was_sent(error),
            )
        if isinstance(error, UnicodeEncodeError):
            return PromptRejectedError("The prompt holds characters that cannot be sent as UTF-8.")
        if isinstance(error, UnicodeError):
            return TransientScorerError(
                f"{endpoint.label} sent an answer that is not UTF-8.", may_be_billed=True
            )
        return FatalScorerError(
            f"The client of {endpoint.provider.name} failed: {type(error).__name__}: {error}."
        )
