"""A local server that speaks OpenAI's Chat Completions and Anthropic's Messages, under a test's control.

It checks requests as the real services do (key, model, fields, context length), counts tokens, cuts answers
at their limits, and otherwise behaves as the test says::

    with ProtocolServer() as server:
        server.script.extend([Failure(429, retry_after="1"), Answer("yes")])   # the next two calls
        server.behave = lambda call: Answer(f"echo: {call.prompt}")            # all later ones
        ...                                                                     # server.openai_url
        assert server.exchanges[0].status == 429

As a program it serves correct answers from a process of its own, for benchmarks: see ``--help``. It prints
its URL on a line and ends when its standard input does.
"""

import argparse
import asyncio
import json
import re
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

Protocol = Literal["openai", "anthropic"]

ANTHROPIC_VERSIONS = ("2023-06-01", "2026-10-21")
SAMPLING_FIELDS = ("temperature", "top_p", "top_k")


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
    """These bytes with status 200, whatever they are."""

    content: bytes
    content_type: str = "application/json"


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
        return _texts(self.body["messages"][-1]["content"])

    @property
    def system(self) -> str:
        """The system (or developer) prompt, if there is one."""
        if self.protocol == "anthropic":
            return _texts(self.body.get("system", ""))
        roles = ("system", "developer")
        return "".join(_texts(m["content"]) for m in self.body["messages"] if m["role"] in roles)

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


@dataclass
class ProtocolServer:
    """The server, on a free port of the loopback interface, in a thread; a context manager.

    ``keys``: keys that are accepted; None accepts every call, with or without one. May be changed while the
    server runs. ``latency`` is added to every answer, in seconds.
    """

    behave: Callable[[Call], Behaviour] = field(default=lambda call: Answer())
    keys: set[str] | None = None
    models: Mapping[str, Model] = field(default_factory=lambda: dict(DEFAULT_MODELS))
    latency: float = 0.0
    script: deque[Behaviour] = field(default_factory=deque)
    exchanges: list[Exchange] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``; what ANTHROPIC_BASE_URL wants."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def openai_url(self) -> str:
        """What OPENAI_BASE_URL wants."""
        return f"{self.url}/v1"

    @property
    def calls(self) -> list[Call]:
        """All requests so far, in the order of their outcomes."""
        return [exchange.call for exchange in self.exchanges]

    def __enter__(self) -> Self:
        self._received = 0
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.bind(("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        config = uvicorn.Config(
            self._app(),
            lifespan="off",
            ws="none",
            log_level="critical",
            access_log=False,
            backlog=4096,
            # Longer than clients keep idle connections: one that closes just when it is used again is a
            # fault that no test asked for.
            timeout_keep_alive=60,
        )
        self._uvicorn = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._uvicorn.run, kwargs={"sockets": [listener]}, daemon=True)
        self._thread.start()
        deadline = time.monotonic() + 10
        while not self._uvicorn.started:
            if time.monotonic() > deadline or not self._thread.is_alive():
                raise RuntimeError("the protocol server did not start")
            time.sleep(0.005)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._uvicorn.should_exit = True
        # Answers that are still being delayed need not be waited for.
        self._uvicorn.force_exit = True
        self._thread.join(timeout=10)
        if self._thread.is_alive():
            raise RuntimeError("the protocol server did not stop")

    def _app(self) -> Starlette:
        async def openai(request: Request) -> Response:
            return await self._serve(request, "openai")

        async def anthropic(request: Request) -> Response:
            return await self._serve(request, "anthropic")

        azure = "/openai/deployments/{deployment}/chat/completions"
        return Starlette(
            routes=[
                Route("/v1/chat/completions", openai, methods=["POST"]),
                Route(azure, openai, methods=["POST"]),
                Route("/v1/messages", anthropic, methods=["POST"]),
            ]
        )

    async def _serve(self, request: Request, protocol: Protocol) -> Response:
        index, self._received = self._received, self._received + 1
        received = time.monotonic()
        try:
            body = json.loads(await request.body())
        except ValueError:
            body = {}
        call = Call(index, protocol, request.url.path, dict(request.headers), body, received)
        behaviour: Behaviour | None = None
        rejection = self._rejection(call)
        if rejection is None:
            behaviour = self.script.popleft() if self.script else self.behave(call)
            delay = self.latency + getattr(behaviour, "delay", 0.0)
            if delay:
                await asyncio.sleep(delay)
        response = _respond(
            call, rejection or behaviour, self.models[body["model"]] if behaviour else Model()
        )
        status = None if isinstance(response, _CutResponse) else response.status_code
        self.exchanges.append(Exchange(call, behaviour, status))
        return response

    def _rejection(self, call: Call) -> Failure | None:
        """What a real service finds wrong with the request, before any model sees it."""
        if self.keys is not None and call.key not in self.keys:
            return Failure(401, f"Incorrect API key provided: {call.key}.", "invalid_api_key")
        wrong = _wrong_fields(call, self.models)
        if wrong is not None:
            return wrong
        model = self.models.get(call.body["model"])
        if model is None:
            return Failure(404, f"The model `{call.body['model']}` does not exist.", "model_not_found")
        wanted = _count(call.prompt) + _count(call.system) + _limit(call)
        if wanted > model.context:
            said = f"This model's maximum context length is {model.context} tokens; {wanted} were requested."
            return Failure(400, said, "context_length_exceeded")
        return None


# --- the protocols -----------------------------------------------------------------------------------


def _wrong_fields(call: Call, models: Mapping[str, Model]) -> Failure | None:
    body = call.body
    if not isinstance(body.get("messages"), list) or not body["messages"] or "model" not in body:
        return Failure(400, "you must provide a model and messages")
    reasons = body["model"] in models and models[body["model"]].reasons
    if call.protocol == "openai":
        if reasons and "max_tokens" in body:
            said = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
            return Failure(400, said, "unsupported_parameter")
        if reasons and body.get("reasoning_effort") != "none" and body.get("temperature", 1) != 1:
            said = "Unsupported value: 'temperature' does not support this value with this model."
            return Failure(400, said, "unsupported_value")
        return None
    version = call.headers.get("anthropic-version")
    if version not in ANTHROPIC_VERSIONS:
        return Failure(400, "anthropic-version: header is required")
    if "max_tokens" not in body:
        return Failure(400, "max_tokens: Field required")
    sampling = [name for name in SAMPLING_FIELDS if name in body]
    if sampling and version == ANTHROPIC_VERSIONS[1]:
        return Failure(400, f"{sampling[0]}: Extra inputs are not permitted")
    if sampling and reasons:
        return Failure(400, f"`{sampling[0]}` is deprecated for this model.")
    return None


def _respond(call: Call, behaviour: Behaviour | None, model: Model) -> Response:
    match behaviour:
        case Failure():
            return _error(call, behaviour)
        case Filtered(status=400):
            if call.protocol == "openai":
                said = "The response was filtered due to the prompt triggering content management policy."
                return _error(call, Failure(400, said, "content_filter"))
            return _error(call, Failure(400, "Output blocked by content filtering policy"))
        case Body(content, content_type):
            return Response(content, media_type=content_type)
        case Dropped():
            return _CutResponse(_completion(call, Answer(), model))
        case Dripping(interval):
            content = json.dumps(_completion(call, Answer(), model)).encode()
            return StreamingResponse(_drip(content, interval), media_type="application/json")
        case None:
            raise AssertionError("an accepted call has a behaviour")
        case _:
            return JSONResponse(_completion(call, behaviour, model))


def _completion(
    call: Call, behaviour: Answer | Refusal | Filtered | NoChoices, model: Model
) -> dict[str, Any]:
    text, finish = _write(call, behaviour, model)
    thought = model.thinking if _thinks(call) else 0
    tokens_in = _count(call.prompt) + _count(call.system) + 8
    tokens_out = min(_limit(call), thought + max(1, _count(text)))
    if call.protocol == "openai":
        message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": None}
        if isinstance(behaviour, Refusal):
            message = {"role": "assistant", "content": None, "refusal": behaviour.text}
        reasons = {"stop": "stop", "length": "length", "filtered": "content_filter", "refusal": "stop"}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reasons[finish]}
        answer = {
            "id": f"chatcmpl-{call.index}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": call.body["model"],
            "choices": [] if isinstance(behaviour, NoChoices) else [choice],
            "usage": {
                "prompt_tokens": tokens_in,
                "completion_tokens": tokens_out,
                "total_tokens": tokens_in + tokens_out,
            },
        }
    else:
        thinking = [{"type": "thinking", "thinking": "", "signature": "c2ln"}] if thought else []
        stops = {"stop": "end_turn", "length": "max_tokens", "filtered": "refusal", "refusal": "refusal"}
        answer = {
            "id": f"msg_{call.index}",
            "type": "message",
            "role": "assistant",
            "model": call.body["model"],
            "content": []
            if isinstance(behaviour, NoChoices)
            else [*thinking, {"type": "text", "text": text}],
            "stop_reason": None if isinstance(behaviour, NoChoices) else stops[finish],
            "stop_sequence": None,
            # A part of the input comes from the provider's cache; all three parts are input.
            "usage": {
                "input_tokens": tokens_in - 3,
                "cache_creation_input_tokens": 1,
                "cache_read_input_tokens": 2,
                "output_tokens": tokens_out,
            },
        }
    if isinstance(behaviour, Answer) and not behaviour.with_usage:
        del answer["usage"]
    return answer


def _write(call: Call, behaviour: Answer | Refusal | Filtered | NoChoices, model: Model) -> tuple[str, str]:
    """The text as stop sequences and the token limit leave it, and why it ends."""
    if isinstance(behaviour, Refusal):
        return behaviour.text, "refusal"
    if not isinstance(behaviour, Answer):
        return "", "filtered" if isinstance(behaviour, Filtered) else "stop"
    text = behaviour.text
    for stop in call.body.get("stop" if call.protocol == "openai" else "stop_sequences") or ():
        text = text.partition(stop)[0]
    room = max(0, _limit(call) - (model.thinking if _thinks(call) else 0))
    if _count(text) <= room:
        return text, "stop"
    ends = [match.end() for match in _TOKEN.finditer(text)]
    return text[: ends[room - 1]] if room else "", "length"


def _error(call: Call, failure: Failure) -> Response:
    headers = dict(failure.headers)
    if failure.retry_after is not None:
        headers["retry-after"] = failure.retry_after
    kind = failure.type or _ERROR_TYPES[call.protocol].get(failure.status, _ERROR_TYPES[call.protocol][0])
    body: dict[str, Any]
    if call.protocol == "openai":
        param = next((name for name in ("temperature", "max_tokens") if name in failure.message), None)
        body = {"error": {"message": failure.message, "type": kind, "param": param, "code": failure.code}}
    else:
        details = {"error_code": failure.code} if failure.code else None
        error = {"type": kind, "message": failure.message, "details": details}
        body = {"type": "error", "error": error, "request_id": f"req_{call.index}"}
    return JSONResponse(body, failure.status, headers=headers)


_ERROR_TYPES: Mapping[Protocol, Mapping[int, str]] = {
    "openai": {0: "invalid_request_error", 429: "requests", 500: "server_error", 503: "server_error"},
    "anthropic": {
        0: "invalid_request_error",
        401: "authentication_error",
        402: "billing_error",
        403: "permission_error",
        404: "not_found_error",
        429: "rate_limit_error",
        500: "api_error",
        529: "overloaded_error",
    },
}

_TOKEN = re.compile(r"\w+|[^\w\s]")


def _count(text: str) -> int:
    return len(_TOKEN.findall(text))


def _texts(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def _limit(call: Call) -> int:
    return int(call.body.get("max_completion_tokens") or call.body.get("max_tokens") or 256)


def _thinks(call: Call) -> bool:
    off = call.body.get("thinking", {}).get("type") in ("disabled", "between_tools")
    return not off and call.body.get("reasoning_effort") != "none"


class _CutResponse(Response):
    """Promises its whole body and sends half of it; uvicorn then closes the connection."""

    def __init__(self, content: Any) -> None:
        super().__init__(json.dumps(content).encode(), media_type="application/json")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        half = bytes(self.body)[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})


async def _drip(content: bytes, interval: float) -> AsyncIterator[bytes]:
    for position in range(len(content)):
        yield content[position : position + 1]
        await asyncio.sleep(interval)


def main() -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(description="Serve correct answers on a free loopback port.")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    with ProtocolServer(latency=parser.parse_args().latency) as server:
        print(server.url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
