"""Every failure becomes one of the core's two kinds, in words for people."""

import asyncio
from typing import Any

import pytest
from support.servers.protocol_server import (
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
