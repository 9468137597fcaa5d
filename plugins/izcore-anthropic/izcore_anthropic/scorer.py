"""The scorer: prompts in, messages out, over Anthropic's SDK."""

import asyncio
import os
from typing import Any

import httpx2

from izcore.plugin import (
    BackendContext,
    Completion,
    CompletionRequest,
    CompletionResult,
    FatalScorerError,
    LoopClients,
    Prompt,
    Scorer,
    ScorerInfo,
    Usage,
    check_price_holds,
)
from izcore_anthropic.answers import read_answer
from izcore_anthropic.clients import make_client
from izcore_anthropic.endpoint import find_endpoint
from izcore_anthropic.failures import SDK_ERRORS, is_filtered, translate
from izcore_anthropic.options import AnthropicOptions
from izcore_anthropic.prices import list_price
from izcore_anthropic.quirks import SAMPLING_VERSION, quirks_of, request_fields, takes_temperature

OFFICIAL_OVERHEAD = 64
HOTTEST = 1.0
"""Anthropic's highest temperature; what other providers call hotter is the same here."""

OTHER_OVERHEAD = 512
"""Tokens that a chat template adds: a few at Anthropic; some open models add a system prompt of their own."""


class AnthropicScorer(Scorer):
    """Asks one model through the Messages protocol.

    Raises UsageError on construction for a missing key, a URL that is none, and options that the model does
    not take: before any money is spent. One object may be used in several event loops, one after another
    or at once; ``aclose`` closes the connections of the loop that it runs in.
    """

    def __init__(self, options: AnthropicOptions, _context: BackendContext) -> None:
        self._options = options
        self._endpoint = find_endpoint(options, os.environ)
        quirks = quirks_of(options.model)
        self._fields = request_fields(options, quirks)
        self._takes_temperature = takes_temperature(options, quirks)
        listed = list_price(options.model)
        self._price = options.price or (listed.price if listed else None)
        self._price_up_to = listed.up_to if listed and not options.price else None
        tls = httpx2.create_ssl_context()
        self._clients = LoopClients(
            lambda: make_client(self._endpoint, seconds=options.timeout, tls=tls),
            concurrency=options.concurrency,
        )

    def info(self) -> ScorerInfo:
        """Say identity (all that a request holds beside its prompt), concurrency and price."""
        return ScorerInfo(
            identity={"provider": "anthropic", "base_url": self._endpoint.base_url, **self._fields},
            batch_size=1,
            concurrency=self._options.concurrency,
            price=self._price,
        )

    def bound(self, prompt: Prompt) -> Usage:
        """Return an upper bound: a byte-level token is at least one byte of UTF-8.

        Raises UsageError for a prompt that may be so long that the price list does not hold for it.
        """
        text = self._options.system + prompt.text
        overhead = OFFICIAL_OVERHEAD if self._endpoint.official else OTHER_OVERHEAD
        size = len(text.encode("utf-8", "surrogatepass")) + overhead
        check_price_holds(size, self._price_up_to, self._options.model)
        return Usage(input_tokens=size, output_tokens=max(self._fields["max_tokens"], prompt.room))

    async def complete(self, request: CompletionRequest) -> CompletionResult:
        """Answer every prompt, in order; ``request.seed`` is not used, the protocol has none."""
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
            # The SDK's timeout starts afresh with every byte received; this one is for the whole call.
            async with asyncio.timeout(self._options.timeout):
                raw = await self._clients.current().messages.with_raw_response.create(
                    messages=[{"role": "user", "content": prompt.text}], **self._request(prompt)
                )
                body = await raw.read()
            content_type = raw.headers.get("content-type", "")
            return read_answer(body, content_type, bound, self._endpoint.label)
        except SDK_ERRORS as error:
            if is_filtered(error):
                # Providers may charge for a prompt that they reject, without saying how much.
                return Completion(text="", usage=Usage(input_tokens=bound.input_tokens), finish="filtered")
            failure = translate(error, self._endpoint, self._options.model, self._options.timeout)
        # Raised here, the failure does not drag the SDK's error (with the request's headers) along.
        raise failure

    def _request(self, prompt: Prompt) -> dict[str, Any]:
        """The fields beside the message, as the SDK's method takes them."""
        fields = {**self._fields, "max_tokens": max(self._fields["max_tokens"], prompt.room)}
        if prompt.temperature is not None and self._takes_temperature:
            fields["temperature"] = min(prompt.temperature, HOTTEST)
        if "temperature" in fields:
            fields["extra_body"] = {"temperature": fields.pop("temperature")}
            fields["extra_headers"] = {"anthropic-version": SAMPLING_VERSION}
        return fields
