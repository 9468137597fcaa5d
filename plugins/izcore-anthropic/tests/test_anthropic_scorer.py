"""Answers over real HTTP: text, usage, how an answer ended, several prompts, several event loops."""

import asyncio
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
from izcore_anthropic.options import AnthropicOptions
from izcore_anthropic.scorer import AnthropicScorer

CONTEXT = BackendContext(seed=0, cache_dir="", data_dir="")
T = TypeVar("T")


def make(server: ProtocolServer, **options: Any) -> AnthropicScorer:
    return AnthropicScorer(
        AnthropicOptions(**{"model": "test-model", "base_url": server.url, **options}), CONTEXT
    )


def run(scorer: AnthropicScorer, work: Callable[[], Awaitable[T]]) -> T:
    async def once() -> T:
        try:
            return await work()
        finally:
            await scorer.aclose()

    return asyncio.run(once())


def ask(scorer: AnthropicScorer, *prompts: str) -> tuple[Completion, ...]:
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
    (completion,) = ask(make(server, model="claude-haiku-5-5", max_output_tokens=16), "hello")
    assert (completion.text, completion.finish) == ("", "length")


def test_stop_sequences_end_the_answer(server: ProtocolServer) -> None:
    server.script.append(Answer("yes. And more"))
    assert ask(make(server, stop=(".",)), "?")[0].text == "yes"


def test_a_refusal_is_not_a_wrong_answer(server: ProtocolServer) -> None:
    server.script.append(Refusal("I'd rather not."))
    (completion,) = ask(make(server), "?")
    assert (completion.text, completion.finish) == ("I'd rather not.", "refusal")


@pytest.mark.parametrize(("status", "finish"), [(200, "refusal"), (400, "filtered")])
def test_a_content_filter_is_not_a_wrong_answer(server: ProtocolServer, status: Any, finish: str) -> None:
    server.script.append(Filtered(status))
    (completion,) = ask(make(server), "?")
    assert (completion.text, completion.finish) == ("", finish)
    assert completion.usage.input_tokens > 0


def test_a_model_may_say_nothing(server: ProtocolServer) -> None:
    server.script.append(Body(b'{"content": [], "stop_reason": "end_turn", "usage": {"output_tokens": 2}}'))
    (completion,) = ask(make(server), "?")
    assert (completion.text, completion.finish, completion.usage.output_tokens) == ("", "stop", 2)


def test_a_full_context_window_is_a_cut(server: ProtocolServer) -> None:
    body = b'{"content": [{"type": "text", "text": "a"}], "stop_reason": "model_context_window_exceeded"}'
    server.script.append(Body(body))
    assert ask(make(server), "?")[0].finish == "length"


def test_thinking_is_no_part_of_the_answer(server: ProtocolServer) -> None:
    server.script.append(Answer("yes"))
    assert ask(make(server, model="claude-haiku-5-5"), "?")[0].text == "yes"


@pytest.mark.parametrize(
    ("usage", "tokens_in", "tokens_out"),
    [
        ("null", None, None),
        ("{}", None, None),
        ('{"input_tokens": 0, "output_tokens": 0}', None, 0),
        ('{"input_tokens": 0, "cache_read_input_tokens": 7, "output_tokens": null}', 7, None),
        ('{"input_tokens": 7, "output_tokens": 2}', 7, 2),
    ],
)
def test_what_the_usage_does_not_say_is_charged_at_its_bound(
    server: ProtocolServer, usage: str, tokens_in: int | None, tokens_out: int | None
) -> None:
    body = f'{{"content":[{{"type":"text","text":"a"}}],"stop_reason":"end_turn","usage":{usage}}}'
    server.script.append(Body(body.encode()))
    scorer = make(server)
    bound = scorer.bound(Prompt(text="?"))
    assert ask(scorer, "?")[0].usage == Usage(
        input_tokens=bound.input_tokens if tokens_in is None else tokens_in,
        output_tokens=bound.output_tokens if tokens_out is None else tokens_out,
    )


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (NoChoices(), "without a message"),
        (Body(b'{"content": [{"ty'), "not JSON"),
        (Body(b""), "not JSON"),
        (Body(b"<html>hello</html>", "text/html"), "not JSON"),
        (Body(b'{"content": 5}'), "no message"),
        (Body(b"[]"), "no message"),
        (
            Body(b'{"content": [{"type": "text", "text": "so"}], "stop_reason": "lost"}'),
            "stop_reason is 'lost'",
        ),
        (Body(b'{"content": [{"type": "text", "text": "caf\xc3"}]}'), "not UTF-8"),
        (Body(b'{"content": [{"text": "ok"}], "stop_reason": "end_turn"}'), "no message"),
        (Body(b'{"error": {"message": "upstream is down"}}'), "upstream is down"),
    ],
)
def test_a_broken_answer_may_be_asked_again(server: ProtocolServer, behaviour: Any, said: str) -> None:
    server.script.append(behaviour)
    scorer = make(server)
    with pytest.raises(TransientScorerError, match=said):
        ask(scorer, "?")
    assert ask(scorer, "?")[0].text == "ok"


def test_a_prompt_that_the_price_list_does_not_cover_is_not_sent(server: ProtocolServer) -> None:
    listed = make(server, model="claude-haiku-5-5")
    assert listed.bound(Prompt(text="x" * 99400)).input_tokens <= 100000
    with pytest.raises(UsageError, match="costs more than the price list says"):
        listed.bound(Prompt(text="x" * 100000))
    with pytest.raises(UsageError, match="costs more"):
        ask(listed, "x" * 100000)
    assert server.calls == []
    priced = make(server, model="claude-haiku-5-5", price=Price(input=1, output=1))
    assert priced.bound(Prompt(text="x" * 100000)).input_tokens > 100000


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
