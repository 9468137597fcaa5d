"""Every failure becomes one of the core's two kinds, in words for people."""

import asyncio
import gzip
import json
from typing import Any

import pytest
from support.servers.protocol_server import (
    Body,
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


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ({"message": "Your balance is too low", "code": 402}, "credit is used up"),
        ({"message": "Not enough credits for this key"}, "Not enough credits"),
        ({"message": "upstream said no", "code": "401"}, "API key"),
        ({"message": "Incorrect API key provided", "type": "server_error"}, "API key"),
        ({"message": "The model: m does not exist", "code": None}, "does not know the model"),
        ({"message": '{"error": {"type": "permission_error", "message": "not yours"}}'}, "not permit"),
        ({"message": "bad", "type": "invalid_request_error"}, "rejected the request"),
    ],
)
@pytest.mark.parametrize("status", [200, 500])
def test_what_no_other_try_mends_stops_at_once_whatever_the_status(
    server: ProtocolServer, status: int, error: dict[str, Any], said: str
) -> None:
    if status == 500 and said == "rejected the request":
        pytest.skip("a server in trouble is believed that it is")
    server.script.append(Body(json.dumps({"error": error}).encode(), status=status))
    failure = failure_of(server.openai_url)
    assert isinstance(failure, FatalScorerError)
    assert said in failure.message


@pytest.mark.parametrize(
    ("error", "usage", "billed"),
    [
        ({"message": "Rate limited upstream", "code": 429}, None, False),
        ({"message": "Provider returned error", "code": "502"}, {"completion_tokens": 0}, False),
        ("lost in the middle", {"prompt_tokens": 3, "completion_tokens": 9}, True),
    ],
)
def test_a_failure_under_status_200_passes_and_is_billed_only_with_tokens(
    server: ProtocolServer, error: Any, usage: Any, billed: bool
) -> None:
    server.script.append(Body(json.dumps({"error": error, "usage": usage}).encode()))
    failure = failure_of(server.openai_url)
    assert isinstance(failure, TransientScorerError)
    assert failure.may_be_billed is billed


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (
            400,
            {"message": '{"error": {"innererror": {"code": "ResponsibleAIPolicyViolation"}}}', "code": "400"},
        ),
        (403, {"message": "moderation is required and your input was flagged", "code": 403}),
        (200, {"message": "blocked", "metadata": {"raw": '{"code": "content_filter"}'}, "code": 400}),
    ],
)
def test_a_filter_that_a_gateway_wraps_is_an_outcome(server: ProtocolServer, status: int, error: Any) -> None:
    server.script.append(Body(json.dumps({"error": error}).encode(), status=status))
    options = OpenAIOptions(model="test-model", base_url=server.openai_url)
    scorer = OpenAIScorer(options, CONTEXT)
    result = asyncio.run(scorer.complete(CompletionRequest(prompts=(Prompt(text="?"),))))
    assert [completion.finish for completion in result.completions] == ["filtered"]


def test_a_wrapped_refusal_of_a_field_has_its_hint(server: ProtocolServer) -> None:
    said = "Proxy error: `max_tokens` is not supported here, use `max_completion_tokens`"
    server.script.append(Body(json.dumps({"error": {"message": said}}).encode(), status=400))
    assert "scorer.reasoning = true" in failure_of(server.openai_url).hint


def test_a_small_body_that_unfolds_to_more_than_any_answer_is_not_read() -> None:
    bomb = gzip.compress(bytes(80 * 2**20))

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {len(bomb)}\r\n\r\n"
        writer.write(head.encode() + bomb)
        await writer.drain()
        writer.close()

    async def once() -> IzError:
        listener = await asyncio.start_server(speak, "127.0.0.1", 0)
        port = listener.sockets[0].getsockname()[1]
        async with listener:
            return await asyncio.to_thread(failure_of, f"http://127.0.0.1:{port}/v1")

    failure = asyncio.run(once())
    assert isinstance(failure, TransientScorerError)
    assert "larger than 64 MiB" in failure.message


def test_a_socks_proxy_without_support_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    failure = failure_of("http://127.0.0.1:8/v1")
    assert "ALL_PROXY" in failure.message
    assert "socksio" in failure.hint
