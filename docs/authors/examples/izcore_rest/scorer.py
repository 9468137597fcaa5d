"""The scorer: ``{"model": …, "prompt": …}`` in, ``{"text": …, "tokens": [in, out]}`` out."""

import os

import httpx2

from izcore.plugin import (
    BackendContext,
    ChatAnswer,
    ErrorReply,
    ErrorSigns,
    HttpAnswer,
    HttpChatScorer,
    Prompt,
    Provider,
    Record,
    decode_answer,
    find_endpoint,
)
from izcore_rest.plugin import RestOptions

PROVIDER = Provider(
    name="Our endpoint",
    url="https://api.our.example",
    host="our.example",
    url_variable="REST_BASE_URL",
    key_variables=("REST_API_KEY",),
    example_url="http://127.0.0.1:8000",
)


class Answer(Record):
    """What comes back; fields that are not named here are passed over."""

    text: str
    tokens: tuple[int | None, int | None] = (None, None)
    cut: bool = False


class Client(httpx2.AsyncClient):
    """A client whose method ``close`` can be awaited."""

    async def close(self) -> None:
        """Close its connections."""
        await self.aclose()


class Rest(HttpChatScorer[Client]):
    """Asks one model of the endpoint."""

    errors = (httpx2.HTTPError,)
    connection_errors = (httpx2.TransportError,)
    timeout_errors = (httpx2.TimeoutException,)
    signs = ErrorSigns(
        quota_phrases=("out of credit",),
        too_long_phrases=("too many tokens",),
        model_hint="Check the model's name (rest:MODEL) and scorer.base_url.",
        request_hint="Check the scorer's options.",
    )

    def __init__(self, options: RestOptions, context: BackendContext) -> None:
        endpoint = find_endpoint(
            PROVIDER,
            os.environ,
            base_url=options.base_url,
            key_variable=options.api_key_env,
            planning=context.planning,
        )
        longest = options.max_output_tokens or 256
        self._fields = {"model": options.model, "system": options.system, "max_tokens": longest}
        # All that changes an answer: it is the key of the cache. The API key changes none, and is a secret.
        identity = {"provider": "rest", "base_url": endpoint.base_url, **self._fields}
        super().__init__(options, endpoint, identity=identity, output_tokens=longest)

    def make_client(self) -> Client:
        """Return a client; httpx tries nothing again by itself."""
        headers = {"Authorization": f"Bearer {self._endpoint.sent_key}"}
        return Client(base_url=self._endpoint.base_url, timeout=self._options.timeout, headers=headers)

    async def send(self, client: Client, prompt: Prompt) -> HttpAnswer:
        """Send one prompt."""
        fields = {"prompt": prompt.text, "temperature": prompt.temperature or 0.0}
        longest = self.bound(prompt).output_tokens
        response = await client.post("/answer", json={**self._fields, **fields, "max_tokens": longest})
        response.raise_for_status()
        return HttpAnswer(body=response.content, content_type=response.headers.get("content-type", ""))

    def read(self, answer: HttpAnswer) -> ChatAnswer:
        """Return what an answer says."""
        body = decode_answer(answer, Answer, label=self._endpoint.label, what="answer")
        return ChatAnswer(
            text=body.text,
            finish="length" if body.cut else "stop",
            input_tokens=body.tokens[0],
            output_tokens=body.tokens[1],
        )

    def reply_of(self, error: Exception) -> ErrorReply | None:
        """Return the error response; of a page of HTML no word is repeated."""
        if not isinstance(error, httpx2.HTTPStatusError):
            return None
        headers, words = dict(error.response.headers), error.response.text
        if "html" in headers.get("content-type", ""):
            words = ""
        return ErrorReply(status=error.response.status_code, headers=headers, words=words)
