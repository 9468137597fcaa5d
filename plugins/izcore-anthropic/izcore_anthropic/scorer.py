"""The scorer: prompts in, messages out, over Anthropic's SDK."""

import os
from typing import Any

import httpx2
from anthropic import AnthropicError, APIConnectionError, APIStatusError, APITimeoutError, AsyncAnthropic

from izcore.plugin import BackendContext, ChatAnswer, ErrorReply, HttpAnswer, HttpChatScorer, Prompt
from izcore_anthropic.answers import read_answer
from izcore_anthropic.clients import make_client
from izcore_anthropic.content import content_of, image_limits, messages_of
from izcore_anthropic.endpoint import endpoint_of
from izcore_anthropic.failures import SIGNS, reply_of
from izcore_anthropic.options import AnthropicOptions
from izcore_anthropic.prices import list_price
from izcore_anthropic.quirks import (
    REASONING_TOKENS,
    SAMPLING_VERSION,
    quirks_of,
    reasons,
    request_fields,
    takes_temperature,
)

HOTTEST = 1.0
"""Anthropic's highest temperature; what other providers call hotter is the same here."""


class AnthropicScorer(HttpChatScorer[AsyncAnthropic]):
    """Asks one model through the Messages protocol.

    Raises UsageError on construction for a missing key, a URL that is none, and options that the model does
    not take: before any money is spent.
    """

    errors = (AnthropicError,)
    connection_errors = (APIConnectionError,)
    timeout_errors = (APITimeoutError,)
    signs = SIGNS
    messages = True

    def __init__(self, options: AnthropicOptions, context: BackendContext) -> None:
        quirks = quirks_of(options.model)
        fields = request_fields(options, quirks)
        endpoint = endpoint_of(options, os.environ, planning=context.planning)
        super().__init__(
            options,
            endpoint,
            identity={"provider": "anthropic", "base_url": endpoint.base_url, **fields},
            output_tokens=fields["max_tokens"],
            listed=list_price(options.model),
            images=image_limits(options, quirks),
        )
        self._fields = fields
        if reasons(options, quirks):
            self.reasoning_tokens = REASONING_TOKENS
        self._takes_temperature = takes_temperature(options, quirks)
        self._tls = httpx2.create_ssl_context()

    def make_client(self) -> AsyncAnthropic:
        """Return a client of the SDK."""
        return make_client(self._endpoint, seconds=self._options.timeout, tls=self._tls)

    async def send(self, client: AsyncAnthropic, prompt: Prompt) -> HttpAnswer:
        """Send one prompt."""
        raw = await client.messages.with_raw_response.create(**self._request(prompt))
        return HttpAnswer(body=await raw.read(), content_type=raw.headers.get("content-type", ""))

    def read(self, answer: HttpAnswer) -> ChatAnswer | ErrorReply:
        """Return what a message says, or the error in its place."""
        return read_answer(answer, self._endpoint.label)

    def reply_of(self, error: Exception) -> ErrorReply | None:
        """Return the error response in what the SDK raised."""
        return reply_of(error) if isinstance(error, APIStatusError) else None

    def _request(self, prompt: Prompt) -> dict[str, Any]:
        """The fields of a request, as the SDK's method takes them."""
        fields = {
            **self._fields,
            "messages": [{"role": each.role, "content": content_of(each)} for each in messages_of(prompt)],
            "max_tokens": max(self._fields["max_tokens"], prompt.room),
        }
        system = self.system_of(prompt)
        if system:
            fields["system"] = system
        if prompt.temperature is not None and self._takes_temperature:
            fields["temperature"] = min(prompt.temperature, HOTTEST)
        if "temperature" in fields:
            fields["extra_body"] = {"temperature": fields.pop("temperature")}
            fields["extra_headers"] = {"anthropic-version": SAMPLING_VERSION}
        return fields
