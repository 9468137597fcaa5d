"""The scorer: ``{"prompt": …, "max_tokens": …}`` in, ``{"text": …, "tokens": [in, out]}`` out."""

import os

import httpx2
import msgspec

from izcore.plugin import (
    BackendContext,
    Completion,
    CompletionRequest,
    CompletionResult,
    FatalScorerError,
    LoopClients,
    Prompt,
    Record,
    Scorer,
    ScorerInfo,
    TransientScorerError,
    Usage,
    check_url,
    find_key,
    how_to_give,
    retry_after,
    root_cause,
    shortened,
    was_sent,
)
from izcore_rest.plugin import RestOptions

KEY = "REST_API_KEY"
"""The environment variable with the key. Keys are no options: options are kept with the run."""


class Answer(Record):
    """What comes back; fields that are not named here are passed over."""

    text: str
    tokens: tuple[int, int]
    cut: bool = False


class Rest(Scorer):
    """Asks the endpoint once per prompt. It never tries again by itself: that is the core's to do."""

    def __init__(self, options: RestOptions, context: BackendContext) -> None:
        self._options = options
        self._url = check_url(options.url, "scorer.url", example="https://our.host/answer")
        self._key = find_key(KEY, os.environ)
        headers = {"Authorization": f"Bearer {self._key.value}"} if self._key else {}
        self._clients = LoopClients(
            lambda: Client(timeout=options.timeout, headers=headers), concurrency=options.concurrency
        )

    def info(self) -> ScorerInfo:
        """Say everything that changes an answer; the key does not, and is a secret."""
        identity = {"scorer": "rest", "url": self._url, "max_tokens": self._options.max_tokens}
        return ScorerInfo(identity=identity, concurrency=self._options.concurrency, price=self._options.price)

    def bound(self, prompt: Prompt) -> Usage:
        """Bound the tokens: each is at least one byte of text."""
        size = len(prompt.text.encode("utf-8", "surrogatepass"))
        return Usage(input_tokens=size, output_tokens=self._longest(prompt))

    async def complete(self, request: CompletionRequest) -> CompletionResult:
        """Answer every prompt, in order."""
        completions = [await self._ask(prompt) for prompt in request.prompts]
        return CompletionResult(completions=tuple(completions))

    async def aclose(self) -> None:
        """Close the connections of the running event loop."""
        await self._clients.aclose()

    def _longest(self, prompt: Prompt) -> int:
        return max(self._options.max_tokens, prompt.room)

    async def _ask(self, prompt: Prompt) -> Completion:
        body = {"prompt": prompt.text, "max_tokens": self._longest(prompt)}
        try:
            response = await self._clients.current().post(self._url, json=body)
        except httpx2.TransportError as error:
            # If the request had left, the endpoint may have answered, and somebody may be billed for it.
            raise TransientScorerError(
                f"{self._url} cannot be reached: {root_cause(error)}.",
                hint="Check that it runs and that scorer.url is right.",
                may_be_billed=was_sent(error),
            ) from None
        if response.status_code != httpx2.codes.OK:
            raise self._failure(response)
        try:
            answer = msgspec.json.decode(response.content, type=Answer)
        except msgspec.DecodeError as error:
            raise TransientScorerError(f"{self._url} sent no answer: {error}.", may_be_billed=True) from None
        usage = Usage(input_tokens=answer.tokens[0], output_tokens=answer.tokens[1])
        return Completion(text=answer.text, usage=usage, finish="length" if answer.cut else "stop")

    def _failure(self, response: httpx2.Response) -> TransientScorerError | FatalScorerError:
        """Tell what may pass from what trying again cannot mend."""
        said = f"{self._url} answered {response.status_code}. {self._key.scrub(shortened(response.text))}"
        if response.status_code in (408, 429) or response.status_code >= 500:
            return TransientScorerError(said, retry_after=retry_after(response.headers))
        refused = response.status_code in (401, 403)
        return FatalScorerError(said, hint=how_to_give(KEY) if refused else "Check scorer.url.")


class Client(httpx2.AsyncClient):
    """A client with the method ``close`` that LoopClients calls."""

    async def close(self) -> None:
        """Close its connections."""
        await self.aclose()
