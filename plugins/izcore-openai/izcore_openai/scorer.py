"""The scorer: prompts in, chat completions out, over OpenAI's SDK."""

import os
from typing import Any

import httpx2
from openai import APIConnectionError, APIStatusError, APITimeoutError, AsyncOpenAI, OpenAIError

from izcore.plugin import (
    BackendContext,
    ChatAnswer,
    ErrorReply,
    HttpAnswer,
    HttpChatScorer,
    Prompt,
)
from izcore_openai.answers import read_answer
from izcore_openai.clients import make_client
from izcore_openai.content import content_of, image_limits
from izcore_openai.endpoint import endpoint_of
from izcore_openai.failures import SIGNS, reply_of
from izcore_openai.options import OpenAIOptions
from izcore_openai.prices import list_price
from izcore_openai.quirks import REASONING_TOKENS, quirks_of, request_fields, takes_temperature
from izcore_openai.tokens import LONGEST, tokenizer


class OpenAIScorer(HttpChatScorer[AsyncOpenAI]):
    """Asks one model through the Chat Completions protocol.

    Raises UsageError on construction for a missing key, a URL that is none, and options that the model does
    not take: before any money is spent. The option ``seed`` plus a prompt's ``sample`` goes with every call.
    """

    errors = (OpenAIError,)
    connection_errors = (APIConnectionError,)
    timeout_errors = (APITimeoutError,)
    signs = SIGNS
    messages = True

    def __init__(self, options: OpenAIOptions, context: BackendContext) -> None:
        quirks = quirks_of(options.model, options.reasoning)
        fields = request_fields(options, quirks)
        endpoint = endpoint_of(options, os.environ, planning=context.planning)
        super().__init__(
            options,
            endpoint,
            identity={
                "provider": "openai",
                "base_url": endpoint.base_url,
                "api_version": options.api_version,
                "system": options.system,
                **fields,
                **({} if options.image_detail == "auto" else {"image_detail": options.image_detail}),
                "extra_body": dict(options.extra_body),
            },
            output_tokens=fields.get("max_tokens") or fields["max_completion_tokens"],
            listed=list_price(options.model),
            images=image_limits(options, quirks, official=endpoint.official),
        )
        self._fields = fields
        self._count = tokenizer(options.model)
        self.reasoning_tokens = REASONING_TOKENS[options.reasoning_effort or quirks.default_effort]
        self._limit = "max_tokens" if "max_tokens" in fields else "max_completion_tokens"
        self._takes_temperature = takes_temperature(options, quirks)
        self._system_role = "developer" if quirks.reasons else "system"
        self._detail = options.image_detail
        self._extra = dict(options.extra_body)
        if quirks.writes_cache and endpoint.official:
            # Prompts differ in their last lines: caching them is billed and hardly ever pays.
            self._extra.setdefault("prompt_cache_options", {"mode": "explicit"})
        self._api_version = options.api_version
        self._tls = httpx2.create_ssl_context()

    def count_tokens(self, text: str) -> int | None:
        """Return the tokens of a text, where the model's tokenizer is at hand."""
        return None if self._count is None or len(text) > LONGEST else self._count(text)

    def make_client(self) -> AsyncOpenAI:
        """Return a client of the SDK."""
        return make_client(
            self._endpoint, api_version=self._api_version, seconds=self._options.timeout, tls=self._tls
        )

    async def send(self, client: AsyncOpenAI, prompt: Prompt) -> HttpAnswer:
        """Send one prompt."""
        # The SDK's own method would check and convert what is known to be right: half its time.
        response = await client.post("/chat/completions", cast_to=httpx2.Response, body=self._body(prompt))
        return HttpAnswer(body=response.content, content_type=response.headers.get("content-type", ""))

    def read(self, answer: HttpAnswer) -> ChatAnswer | ErrorReply:
        """Return what a chat completion says, or the error in its place."""
        return read_answer(answer, self._endpoint.label)

    def reply_of(self, error: Exception) -> ErrorReply | None:
        """Return the error response in what the SDK raised."""
        return reply_of(error) if isinstance(error, APIStatusError) else None

    def _body(self, prompt: Prompt) -> dict[str, Any]:
        fields = {**self._fields, "messages": self._messages(prompt)}
        if prompt.temperature is not None and self._takes_temperature:
            fields["temperature"] = prompt.temperature
        if "seed" in fields:
            fields["seed"] += prompt.sample
        fields[self._limit] = max(fields[self._limit], prompt.room)
        return fields | self._extra

    def _messages(self, prompt: Prompt) -> list[dict[str, Any]]:
        system = self.system_of(prompt)
        return [
            *([{"role": self._system_role, "content": system}] if system else []),
            *({"role": each.role, "content": content_of(each, self._detail)} for each in prompt.messages),
        ]
