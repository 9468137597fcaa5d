"""How the checks of scorers behind HTTP ask, and what they look at."""

import asyncio
import socket
import traceback
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

from izcore.plugin.calls import Completion, CompletionRequest, Prompt
from izcore.plugin.errors import IzError
from izcore.testing.chat_server import ChatServer, Reply
from izcore.testing.subject import Subject


def ask(scorer: Any, *prompts: str) -> tuple[Completion, ...]:
    """Ask in an event loop of its own, and close the connections."""
    return answer(scorer, *(Prompt(text=prompt) for prompt in prompts))


def answer(scorer: Any, *prompts: Prompt) -> tuple[Completion, ...]:
    """Answer prompts in an event loop of its own, and close the connections."""
    request = CompletionRequest(prompts=prompts)

    async def work() -> tuple[Completion, ...]:
        return tuple((await scorer.complete(request)).completions)

    found: tuple[Completion, ...] = closing(scorer, work)
    return found


def failure_of(scorer: Any, *prompts: str) -> IzError:
    """Return the failure of a request, which drags no error of the client along: that would show headers."""
    with pytest.raises(IzError) as caught:
        ask(scorer, *prompts)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    return caught.value


def shown(scorer: Any) -> list[str]:
    """Return all that a scorer shows of itself, of an answer, and of a failure."""
    seen = [repr(scorer), repr(scorer.info()), repr(vars(scorer))]
    try:
        return [*seen, repr(ask(scorer, "?"))]
    except IzError as error:
        return [*seen, str(error), repr(error), "".join(traceback.format_exception(error))]


def at_port(subject: Subject, port: int) -> Subject:
    """Return a subject whose server is at another port of this machine."""
    url = urlsplit(subject.options["base_url"])._replace(netloc=f"127.0.0.1:{port}").geturl()
    return msgspec.structs.replace(subject, options={**subject.options, "base_url": url})


def greet(listener: socket.socket) -> None:
    """Answer one connection as a mail server does."""
    connection, _ = listener.accept()
    with connection:
        connection.recv(4096)
        connection.sendall(b"220 mail.example ESMTP\r\n")


def script(server: ChatServer, reply: Reply | None) -> None:
    """Let the server give a reply, which the protocol must have, to the next request."""
    assert reply is not None, "every protocol has answers that end by themselves"
    server.script.append(reply)


def closing(scorer: Any, work: Any) -> Any:
    """Return what work returns in an event loop of its own, and close the connections."""

    async def once() -> Any:
        try:
            return await work()
        finally:
            await scorer.aclose()

    return asyncio.run(once())
