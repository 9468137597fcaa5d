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
from izcore_anthropic.options import AnthropicOptions
from izcore_anthropic.scorer import AnthropicScorer

CONTEXT = BackendContext(seed=0, cache_dir="", data_dir="")


def failure_of(base_url: str, *prompts: str, **options: Any) -> IzError:
    scorer = AnthropicScorer(
        AnthropicOptions(**{"model": "test-model", "base_url": base_url, **options}), CONTEXT
    )

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
    "failure",
    [
        Failure(402, "Payment required."),
        Failure(400, "Your credit balance is too low to access the API."),
        Failure(429, "Spend limit reached.", "enforced_spend_limit_reached"),
    ],
)
def test_a_used_up_quota_is_fatal_whatever_its_status(server: ProtocolServer, failure: Failure) -> None:
    server.script.append(failure)
    raised = failure_of(server.url)
    assert isinstance(raised, FatalScorerError)
    assert "quota" in raised.message
    assert "spend limits" in raised.hint


def test_an_unknown_model(server: ProtocolServer) -> None:
    failure = failure_of(server.url, model="claude-99")
    assert isinstance(failure, FatalScorerError)
    assert "'claude-99'" in failure.message


def test_a_prompt_longer_than_the_context(server: ProtocolServer) -> None:
    server.models = {"test-model": Model(context=4096)}
    failure = failure_of(server.url, "word " * 5000)
    assert isinstance(failure, FatalScorerError)
    assert "too long for test-model" in failure.message
    assert "4096" in failure.message


def test_a_url_without_the_api_behind_it(server: ProtocolServer) -> None:
    failure = failure_of(f"{server.url}/elsewhere")
    assert isinstance(failure, FatalScorerError)
    assert "base_url" in failure.hint
