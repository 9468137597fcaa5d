"""Answers over real HTTP: text, usage, how an answer ended, several prompts, several event loops."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.servers.protocol_server import Answer, Body, Filtered, Model, NoChoices, ProtocolServer, Refusal

from izcore.plugin import (
    BackendContext,
    Completion,
    CompletionRequest,
    Price,
    Prompt,
    TransientScorerError,
    Usage,
    UsageError,
)
from izcore_openai.options import OpenAIOptions
from izcore_openai.scorer import OpenAIScorer

CONTEXT = BackendContext(seed=0, cache_dir="", data_dir="")
T = TypeVar("T")


def make(server: ProtocolServer, **options: Any) -> OpenAIScorer:
    return OpenAIScorer(
        OpenAIOptions(**{"model": "test-model", "base_url": server.openai_url, **options}), CONTEXT
    )


def run(scorer: OpenAIScorer, work: Callable[[], Awaitable[T]]) -> T:
    async def once() -> T:
        try:
            return await work()
        finally:
            await scorer.aclose()

    return asyncio.run(once())


def ask(scorer: OpenAIScorer, *prompts: str) -> tuple[Completion, ...]:
    request = CompletionRequest(prompts=tuple(Prompt(text=prompt) for prompt in prompts))

    async def work() -> tuple[Completion, ...]:
        return (await scorer.complete(request)).completions

    return run(scorer, work)


def test_an_answer_cut_at_the_limit_says_so(server: ProtocolServer) -> None:
    server.script.append(Answer("one two three four"))
    (completion,) = ask(make(server, max_output_tokens=2), "count")
    assert (completion.text, completion.finish) == ("one two", "length")
    assert completion.usage.output_tokens == 2


def test_a_model_that_thinks_away_its_room_is_cut_too(server: ProtocolServer) -> None:
    (completion,) = ask(make(server, model="gpt-5-mini", max_output_tokens=16), "hello")
    assert (completion.text, completion.finish) == ("", "length")


@pytest.mark.parametrize(
    ("key", "said"), [("sk-planted-01", "Your key is [key]."), ("none", "Your key is none.")]
)
def test_an_answer_repeats_no_key(
    server: ProtocolServer, monkeypatch: pytest.MonkeyPatch, key: str, said: str
) -> None:
    """Some gateways answer with what they were sent; a key that is a word stays a word."""
    monkeypatch.setenv("OPENAI_API_KEY", key)
    server.script.append(Answer(f"Your key is {key}."))
    assert ask(make(server), "?")[0].text == said


def test_stop_sequences_end_the_answer(server: ProtocolServer) -> None:
    server.script.append(Answer("yes. And more"))
    assert ask(make(server, stop=(".",)), "?")[0].text == "yes"


def test_a_refusal_is_not_a_wrong_answer(server: ProtocolServer) -> None:
    server.script.append(Refusal("I'd rather not."))
    (completion,) = ask(make(server), "?")
    assert (completion.text, completion.finish) == ("I'd rather not.", "refusal")


@pytest.mark.parametrize("status", [200, 400])
def test_a_content_filter_is_not_a_wrong_answer(server: ProtocolServer, status: Any) -> None:
    server.script.append(Filtered(status))
    (completion,) = ask(make(server), "?")
    assert (completion.text, completion.finish) == ("", "filtered")
    assert completion.usage.input_tokens > 0


@pytest.mark.parametrize(
    ("usage", "tokens_in", "tokens_out"),
    [
        ("null", None, None),
        ("{}", None, None),
        ('{"prompt_tokens": 0, "completion_tokens": 0}', None, 0),
        ('{"prompt_tokens": 7, "completion_tokens": null}', 7, None),
        ('{"prompt_tokens": 7, "completion_tokens": 2}', 7, 2),
        ('{"prompt_tokens": 7.25, "completion_tokens": "2"}', 8, 2),
        ('{"prompt_tokens": -7, "completion_tokens": 2.0}', None, 2),
        ('{"prompt_tokens": 3e18, "completion_tokens": 30000000000000000000}', None, None),
        ('{"prompt_tokens": 1e999, "completion_tokens": [2]}', None, None),
        ('["many"]', None, None),
    ],
)
def test_what_the_usage_does_not_say_is_charged_at_its_bound(
    server: ProtocolServer, usage: str, tokens_in: int | None, tokens_out: int | None
) -> None:
    body = f'{{"choices":[{{"message":{{"content":"a"}},"finish_reason":"stop"}}],"usage":{usage}}}'
    server.script.append(Body(body.encode()))
    scorer = make(server)
    bound = scorer.bound(Prompt(text="?"))
    assert ask(scorer, "?")[0].usage == Usage(
        input_tokens=bound.input_tokens if tokens_in is None else tokens_in,
        output_tokens=bound.output_tokens if tokens_out is None else tokens_out,
    )


def test_content_in_parts_is_joined(server: ProtocolServer) -> None:
    parts = b'[{"type":"thinking","thinking":[]},{"type":"text","text":"a"},{"type":"text","text":"b"}]'
    server.script.append(Body(b'{"choices":[{"message":{"content":' + parts + b'},"finish_reason":"stop"}]}'))
    assert ask(make(server), "?")[0].text == "ab"


def _choice(finish: str, content: str | None, **more: Any) -> bytes:
    choice = {"finish_reason": finish, "message": {"content": content}, **more}
    return json.dumps({"choices": [choice]}).encode()


@pytest.mark.parametrize("message", [{"reasoning_content": "hm"}, {"reasoning": "hm"}])
def test_what_a_server_keeps_apart_is_reasoning(server: ProtocolServer, message: dict[str, str]) -> None:
    choice = {"finish_reason": "stop", "message": {"content": "yes", **message}}
    server.script.append(Body(json.dumps({"choices": [choice]}).encode()))
    (completion,) = ask(make(server), "?")
    assert (completion.text, completion.reasoning) == ("yes", "hm")


def test_typed_parts_of_thought_are_reasoning(server: ProtocolServer) -> None:
    thought = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]
    choice = {"message": {"content": [*thought, {"type": "text", "text": "yes"}]}}
    server.script.append(Body(json.dumps({"choices": [choice]}).encode()))
    (completion,) = ask(make(server), "?")
    assert (completion.text, completion.reasoning) == ("yes", "hm")


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (NoChoices(), "without choices"),
        (Body(b'{"choices": [{"mess'), "not JSON"),
        (Body(b""), "not JSON"),
        (Body(b"<html>hello</html>", "text/html"), "not JSON"),
        (Body(b'{"choices": 5}'), "no chat completion"),
        (Body(b"[]"), "no chat completion"),
        (Body(b'{"choices": [{"message": {"content": 5}}]}'), "no chat completion"),
        (Body(b'{"choices": [{"message": {}}], "usage": {"prompt_tokens": -5}}'), "without content"),
        (Body(b'{"error": {"message": "upstream is down"}}'), "upstream is down"),
        (Body(_choice("error", "half an ans")), "finish_reason is 'error'"),
        (Body(_choice("abort", "half an ans")), "finish_reason is 'abort'"),
        (Body(_choice("stop", None)), "without content"),
        (Body(_choice("error", "", error={"code": 503, "message": "lost it"})), "lost it"),
        (Body(b'{"choices": [{"message": {"content": "caf\xc3"}}]}'), "not UTF-8"),
        (Body(b'{"choices": [{"message": {"content": "\\udc00"}}]}'), "not JSON"),
        (Body(b'{"n": ' + b"[" * 150_000 + b"]" * 150_000 + b"}"), "nested too deeply"),
    ],
)
def test_a_broken_answer_may_be_asked_again(server: ProtocolServer, behaviour: Any, said: str) -> None:
    server.script.append(behaviour)
    scorer = make(server)
    with pytest.raises(TransientScorerError, match=said):
        ask(scorer, "?")
    assert ask(scorer, "?")[0].text == "ok"


def test_a_prompt_that_the_price_list_does_not_cover_is_not_sent(server: ProtocolServer) -> None:
    listed = make(server, model="gpt-5.4")
    assert listed.bound(Prompt(text="x" * 271400)).input_tokens <= 272000
    with pytest.raises(UsageError, match="costs more than the price list says"):
        listed.bound(Prompt(text="x" * 272000))
    with pytest.raises(UsageError, match="costs more"):
        ask(listed, "x" * 272000)
    assert server.calls == []
    priced = make(server, model="gpt-5.4", price=Price(input=1, output=1))
    assert priced.bound(Prompt(text="x" * 272000)).input_tokens > 272000


@settings(max_examples=40, deadline=None)
@given(prompt=st.text(max_size=200), system=st.text(max_size=50), answer=st.text(max_size=100))
def test_the_bound_bounds(prompt: str, system: str, answer: str) -> None:
    with ProtocolServer(models={"test-model": Model(context=100_000)}) as server:
        server.script.append(Answer(answer))
        scorer = make(server, system=system, max_output_tokens=20)
        (completion,) = ask(scorer, prompt)
        bound = scorer.bound(Prompt(text=prompt))
        assert completion.usage.input_tokens <= bound.input_tokens
        assert completion.usage.output_tokens <= bound.output_tokens
