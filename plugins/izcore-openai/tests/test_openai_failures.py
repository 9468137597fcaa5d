"""Every failure becomes one of the core's two kinds, in words for people."""

import asyncio
import socket
from typing import Any

import pytest
from support.servers.protocol_server import (
    Answer,
    Behaviour,
    Dripping,
    Dropped,
    Failure,
    Model,
    ProtocolServer,
)

from izcore.plugin import (
    BackendContext,
    CompletionRequest,
    FatalScorerError,
    IzError,
    Prompt,
    TransientScorerError,
)
from izcore_openai.options import OpenAIOptions
from izcore_openai.scorer import OpenAIScorer

CONTEXT = BackendContext(seed=0, cache_dir="", data_dir="")


def failure_of(base_url: str, *prompts: str, **options: Any) -> IzError:
    scorer = OpenAIScorer(OpenAIOptions(**{"model": "test-model", "base_url": base_url, **options}), CONTEXT)

    async def once() -> None:
        try:
            await scorer.complete(CompletionRequest(prompts=tuple(Prompt(text=p) for p in prompts or ("?",))))
        finally:
            await scorer.aclose()

    with pytest.raises(IzError) as caught:
        asyncio.run(once())
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    return caught.value


@pytest.mark.parametrize(
    "code", ["insufficient_quota", "billing_hard_limit_reached", "project_spend_limit_exceeded"]
)
def test_a_used_up_quota_is_fatal_though_its_status_is_429(server: ProtocolServer, code: str) -> None:
    server.script.append(Failure(429, "You exceeded your current quota.", code, type="insufficient_quota"))
    failure = failure_of(server.openai_url)
    assert isinstance(failure, FatalScorerError)
    assert "quota" in failure.message
    assert "spend limits" in failure.hint


def test_a_request_too_large_for_the_rate_limit_is_fatal(server: ProtocolServer) -> None:
    server.script.append(
        Failure(429, "Request too large for test-model", "rate_limit_exceeded", type="tokens")
    )
    assert isinstance(failure_of(server.openai_url), FatalScorerError)


def test_a_server_that_says_that_waiting_is_no_use_is_believed(server: ProtocolServer) -> None:
    no_use = {"x-should-retry": "false"}
    server.script.extend([Failure(429, headers=no_use), Failure(429, retry_after="600", headers=no_use)])
    assert isinstance(failure_of(server.openai_url), FatalScorerError)
    assert isinstance(failure_of(server.openai_url), TransientScorerError)


def test_a_wrong_or_expired_key(server: ProtocolServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-expired")
    server.keys = {"sk-test-valid"}
    failure = failure_of(server.openai_url)
    assert isinstance(failure, FatalScorerError)
    assert "OPENAI_API_KEY" in failure.message
    assert "resumed" in failure.hint


def test_a_server_that_wants_a_key_after_all(server: ProtocolServer) -> None:
    server.keys = {"sk-test-valid"}
    failure = failure_of(server.openai_url)
    assert isinstance(failure, FatalScorerError)
    assert "wants an API key" in failure.message
    assert "export OPENAI_API_KEY" in failure.hint


def test_an_unknown_model(server: ProtocolServer) -> None:
    failure = failure_of(server.openai_url, model="gpt-99")
    assert isinstance(failure, FatalScorerError)
    assert "'gpt-99'" in failure.message


def test_a_url_without_the_api_behind_it(server: ProtocolServer) -> None:
    failure = failure_of(server.url)
    assert isinstance(failure, FatalScorerError)
    assert "/v1" in failure.hint


def test_a_prompt_longer_than_the_context(server: ProtocolServer) -> None:
    server.models = {"test-model": Model(context=4096)}
    failure = failure_of(server.openai_url, "word " * 5000)
    assert isinstance(failure, FatalScorerError)
    assert "too long for test-model" in failure.message
    assert "4096" in failure.message


def test_a_reasoning_model_under_another_name(server: ProtocolServer) -> None:
    server.models = {"alias": Model(reasons=True)}
    failure = failure_of(server.openai_url, model="alias")
    assert isinstance(failure, FatalScorerError)
    assert "scorer.reasoning" in failure.hint


def test_a_slow_answer(server: ProtocolServer) -> None:
    server.script.append(Answer(delay=30))
    failure = failure_of(server.openai_url, timeout=0.3)
    assert isinstance(failure, TransientScorerError)
    assert "within 0.3 seconds" in failure.message


def test_an_answer_that_trickles(server: ProtocolServer) -> None:
    server.script.append(Dripping(0.1))
    failure = failure_of(server.openai_url, timeout=0.5)
    assert isinstance(failure, TransientScorerError)
    assert "within 0.5 seconds" in failure.message


def test_a_server_that_is_not_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        failure = failure_of(f"http://127.0.0.1:{port}/v1")
    assert isinstance(failure, TransientScorerError)
    assert f"127.0.0.1:{port}" in failure.message
    assert "base_url" in failure.hint


def test_a_server_that_speaks_something_else() -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"220 mail.example ESMTP\r\n")
        writer.close()

    async def once() -> IzError:
        listener = await asyncio.start_server(speak, "127.0.0.1", 0)
        port = listener.sockets[0].getsockname()[1]
        async with listener:
            return await asyncio.to_thread(failure_of, f"http://127.0.0.1:{port}/v1")

    failure = asyncio.run(once())
    assert isinstance(failure, TransientScorerError)


@pytest.mark.parametrize(
    ("behaviour", "billed"),
    [
        (Dropped(), True),
        (Answer(delay=30), True),
        (Failure(504), True),
        (Failure(500), False),
        (Failure(429), False),
    ],
)
def test_what_a_provider_may_bill_is_told(server: ProtocolServer, behaviour: Behaviour, billed: bool) -> None:
    server.script.append(behaviour)
    failure = failure_of(server.openai_url, timeout=2)
    assert isinstance(failure, TransientScorerError)
    assert failure.may_be_billed is billed
