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
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from support.servers.protocol_answers import CutResponse, count, limit, respond, wrong_fields
from support.servers.protocol_records import (
    DEFAULT_MODELS,
    Answer,
    Behaviour,
    Body,
    Call,
    Dripping,
    Dropped,
    Exchange,
    Failure,
    Filtered,
    Model,
    NoChoices,
    Protocol,
    Refusal,
)

__all__ = [
    "Answer",
    "Behaviour",
    "Body",
    "Call",
    "Dripping",
    "Dropped",
    "Exchange",
    "Failure",
    "Filtered",
    "Model",
    "NoChoices",
    "Protocol",
    "ProtocolServer",
    "Refusal",
]


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
            body = None
        fields = body if isinstance(body, dict) else {}
        call = Call(index, protocol, request.url.path, dict(request.headers), fields, received)
        behaviour: Behaviour | None = None
        rejection = self._rejection(call)
        if rejection is None:
            behaviour = self.script.popleft() if self.script else self.behave(call)
            delay = self.latency + getattr(behaviour, "delay", 0.0)
            if delay:
                await asyncio.sleep(delay)
        response = respond(
            call, rejection or behaviour, self.models[fields["model"]] if behaviour else Model()
        )
        status = None if isinstance(response, CutResponse) else response.status_code
        self.exchanges.append(Exchange(call, behaviour, status))
        return response

    def _rejection(self, call: Call) -> Failure | None:
        """What a real service finds wrong with the request, before any model sees it."""
        if self.keys is not None and call.key not in self.keys:
            return Failure(401, f"Incorrect API key provided: {call.key}.", "invalid_api_key")
        wrong = wrong_fields(call, self.models)
        if wrong is not None:
            return wrong
        model = self.models.get(call.body["model"])
        if model is None:
            return Failure(404, f"The model `{call.body['model']}` does not exist.", "model_not_found")
        wanted = count(call.prompt) + count(call.system) + limit(call)
        if wanted > model.context:
            said = f"This model's maximum context length is {model.context} tokens; {wanted} were requested."
            return Failure(400, said, "context_length_exceeded")
        return None


def main() -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(description="Serve correct answers on a free loopback port.")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    with ProtocolServer(latency=parser.parse_args().latency) as server:
        print(server.url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
