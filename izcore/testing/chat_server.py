"""A server on this machine that answers as a provider's protocol says, under a test's control."""

import contextlib
import json
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Protocol, Self

from izcore.plugin.calls import FinishReason, Usage


@dataclass(frozen=True)
class ChatRequest:
    """A request as it arrived. ``headers`` have lower-case names; ``body`` is the JSON object in it."""

    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]


@dataclass(frozen=True)
class Reply:
    """A response, byte for byte.

    ``delay`` is waited for before it, in seconds; ``trickle`` before each byte of its body. Of a ``cut``
    reply one half of the body is sent, and the connection is closed.
    """

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    delay: float = 0.0
    trickle: float = 0.0
    cut: bool = False


class ChatProtocol(Protocol):
    """How a provider's service reads requests and writes responses: all that the server must know of it."""

    def prompt(self, request: ChatRequest) -> str:
        """Return the text of the user's message."""
        ...

    def key(self, request: ChatRequest) -> str:
        """Return the key that came with a request; empty for none."""
        ...

    def answer(self, text: str, finish: FinishReason, usage: Usage | None) -> object | None:
        """Return the body of an answer, as JSON data; None where the protocol cannot say that ``finish``.

        ``usage`` is left out of the body where it is None.
        """
        ...

    def error(self, status: int, words: str) -> object:
        """Return the body of an error response, as JSON data, in which the service says ``words``."""
        ...


class ChatServer:
    """The server, on a free port of the loopback interface; a context manager.

    It answers each request with the next reply of ``script``, and once that is empty with the prompt itself
    in capitals. ``requests`` are those that arrived. ``latency`` is waited for before every response, in
    seconds.
    """

    def __init__(self, protocol: ChatProtocol) -> None:
        self.protocol = protocol
        self.script: deque[Reply] = deque()
        self.requests: list[ChatRequest] = []
        self.latency = 0.0
        self._stopping = threading.Event()

    @property
    def url(self) -> str:
        """Where it listens: ``http://127.0.0.1:PORT``."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def answer(self, text: str, finish: FinishReason = "stop", usage: Usage | None = None) -> Reply | None:
        """Return the reply with this answer; None where the protocol cannot say that ``finish``."""
        body = self.protocol.answer(text, finish, usage)
        return None if body is None else Reply(json.dumps(body).encode())

    def failure(
        self, status: int, words: str = "the server's own words", headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Return the reply with this error."""
        body = json.dumps(self.protocol.error(status, words)).encode()
        return Reply(body, status=status, headers=headers or {})

    def respond(self, request: ChatRequest) -> Reply:
        """Return the reply to a request."""
        self.requests.append(request)
        with contextlib.suppress(IndexError):
            return self.script.popleft()
        text = self.protocol.prompt(request).upper()
        reply = self.answer(text, usage=Usage(input_tokens=3, output_tokens=2))
        assert reply is not None, "every protocol has answers that end by themselves"
        return reply

    def wait(self, seconds: float) -> None:
        """Wait, but not longer than the server runs."""
        if seconds:
            self._stopping.wait(seconds)

    def __enter__(self) -> Self:
        self._server = _Server(("127.0.0.1", 0), _handler_of(self))
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 512

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what some checks want."""


def _handler_of(server: ChatServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = server.respond(ChatRequest(self.path, headers, json.loads(content)))
            server.wait(server.latency + reply.delay)
            self.send_response(reply.status)
            for name, value in {
                "content-type": reply.content_type,
                "content-length": str(len(reply.body)),
                **reply.headers,
            }.items():
                self.send_header(name, value)
            self.end_headers()
            body = reply.body[: len(reply.body) // 2] if reply.cut else reply.body
            for part in (body[at : at + 1] for at in range(len(body))) if reply.trickle else (body,):
                server.wait(reply.trickle)
                self.wfile.write(part)
            if reply.cut:
                self.wfile.flush()
                self.close_connection = True

        def log_message(self, format: str, *arguments: Any) -> None:
            """Requests are in the server's list; standard error belongs to the tests."""

    return Handler
