"""What is sent: the quirks of models, roles, tokens, and what makes two scorers the same."""

import asyncio
import base64
from pathlib import Path
from typing import Any

import pytest
from support import PNG
from support.servers.protocol_server import Call, ProtocolServer

from izcore.plugin import (
    BackendContext,
    Completion,
    CompletionRequest,
    Message,
    Price,
    Prompt,
    UsageError,
    find_image,
)
from izcore_openai.options import OpenAIOptions
from izcore_openai.quirks import quirks_of, request_fields
from izcore_openai.scorer import OpenAIScorer

CONTEXT = BackendContext(seed=0, cache_dir="", data_dir="")


TURNS = (Message(role="user", text="Hello."), Message(role="assistant", text="Whom do you miss?"))


def ask(server: ProtocolServer, prompt: str | Prompt = "hello", **options: Any) -> tuple[Completion, Call]:
    scorer = OpenAIScorer(OpenAIOptions(base_url=server.openai_url, **options), CONTEXT)
    asked = Prompt(text=prompt) if isinstance(prompt, str) else prompt

    async def once() -> Completion:
        try:
            return (await scorer.complete(CompletionRequest(prompts=(asked,)))).completions[0]
        finally:
            await scorer.aclose()

    return asyncio.run(once()), server.calls[-1]


def test_a_plain_model_gets_temperature_0_and_max_tokens(server: ProtocolServer) -> None:
    _, call = ask(server, model="gpt-4o-mini")
    assert call.body == {
        "model": "gpt-4o-mini",
        "messages": [{"role": "user", "content": "hello"}],
        "temperature": 0.0,
        "max_tokens": 256,
    }


def test_a_reasoning_model_gets_what_it_takes(server: ProtocolServer) -> None:
    completion, call = ask(server, model="gpt-5-mini", system="be brief", reasoning_effort="low")
    assert completion.finish == "stop"
    assert call.body == {
        "model": "gpt-5-mini",
        "messages": [{"role": "developer", "content": "be brief"}, {"role": "user", "content": "hello"}],
        "max_completion_tokens": 4096,
        "reasoning_effort": "low",
    }


@pytest.mark.parametrize(("model", "role"), [("gpt-4o-mini", "system"), ("gpt-5-mini", "developer")])
def test_system_message_and_turns_arrive_as_messages(server: ProtocolServer, model: str, role: str) -> None:
    prompt = Prompt(text="Bertha.", system="Name the town.", turns=TURNS)
    _, call = ask(server, prompt, model=model, system="Be brief.")
    assert call.body["messages"] == [
        {"role": role, "content": "Be brief.\n\nName the town."},
        {"role": "user", "content": "Hello."},
        {"role": "assistant", "content": "Whom do you miss?"},
        {"role": "user", "content": "Bertha."},
    ]


def test_images_arrive_as_parts(server: ProtocolServer, tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(PNG)
    web, file = find_image("https://example.org/b.webp"), find_image(str(path))
    turns = (Message(role="user", text="First.", images=(web,)), Message(role="assistant", text="red"))
    _, call = ask(server, Prompt(text="Which colour?", turns=turns, images=(file, web)), model="gpt-4o-mini")
    sent = {"url": "data:image/png;base64," + base64.b64encode(PNG).decode()}
    linked = {"url": "https://example.org/b.webp"}
    assert call.body["messages"] == [
        {
            "role": "user",
            "content": [{"type": "image_url", "image_url": linked}, {"type": "text", "text": "First."}],
        },
        {"role": "assistant", "content": "red"},
        {
            "role": "user",
            "content": [
                {"type": "image_url", "image_url": sent},
                {"type": "image_url", "image_url": linked},
                {"type": "text", "text": "Which colour?"},
            ],
        },
    ]
    _, call = ask(server, Prompt(text="?", images=(web,)), model="test-model", image_detail="low")
    assert call.body["messages"][0]["content"][0]["image_url"] == {**linked, "detail": "low"}


def test_images_count_in_the_bound_and_what_cannot_be_sent_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    path = tmp_path / "a.png"
    path.write_bytes(PNG)
    asked = Prompt(text="Which colour?", images=(find_image(str(path)),) * 2)
    scorer = OpenAIScorer(OpenAIOptions(model="gpt-4o-mini"), CONTEXT)
    assert scorer.bound(asked).input_tokens > 2 * 48_169
    assert 51_000 < scorer.expected(asked).input_tokens < 52_000
    other = OpenAIScorer(OpenAIOptions(model="m", base_url="http://127.0.0.1:9/v1", image_tokens=70), CONTEXT)
    alone = other.bound(Prompt(text="Which colour?"))
    assert other.bound(asked).input_tokens == alone.input_tokens + 140
    path.write_bytes(PNG + bytes(20 * 2**20))
    with pytest.raises(UsageError, match=r"too large for gpt-4o-mini: 53.3 MiB"):
        scorer.bound(asked)
    path.unlink()
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        scorer.bound(asked)


@pytest.mark.parametrize(
    ("model", "takes"),
    [
        ("gpt-4o", True),
        ("gpt-5-mini", True),
        ("qwen2.5-vl", True),
        ("gpt-3.5-turbo", False),
        ("gpt-4", False),
    ],
)
def test_models_of_text_take_no_images(model: str, takes: bool) -> None:
    options = OpenAIOptions(model=model, base_url="http://127.0.0.1:9/v1")
    assert OpenAIScorer(options, CONTEXT).info().images == takes


def test_all_options_reach_the_server(server: ProtocolServer) -> None:
    _, call = ask(
        server,
        model="test-model",
        system="be brief",
        temperature=0.7,
        top_p=0.9,
        max_output_tokens=17,
        stop=("END", "\n\n"),
        seed=5,
        extra_body={"chat_template_kwargs": {"enable_thinking": False}},
    )
    assert call.system == "be brief"
    assert call.body["messages"][0]["role"] == "system"
    expected = {"temperature": 0.7, "top_p": 0.9, "max_tokens": 17, "stop": ["END", "\n\n"], "seed": 5}
    assert {name: call.body[name] for name in expected} == expected
    assert call.body["chat_template_kwargs"] == {"enable_thinking": False}


def test_azure_asks_the_deployment(server: ProtocolServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "az-key")
    scorer = OpenAIScorer(
        OpenAIOptions(model="test-model", base_url=server.url, api_version="2025-04-01-preview"), CONTEXT
    )
    asyncio.run(scorer.complete(CompletionRequest(prompts=(Prompt(text="hello"),))))
    (call,) = server.calls
    assert call.path == "/openai/deployments/test-model/chat/completions"
    assert call.key == "az-key"


@pytest.mark.parametrize(
    ("model", "effort", "temperature", "limit"),
    [
        ("gpt-4o-mini", None, 0.0, ("max_tokens", 256)),
        ("gpt-4.1-2025-04-14", None, 0.0, ("max_tokens", 256)),
        ("openai/gpt-4o", None, 0.0, ("max_tokens", 256)),
        ("gpt-oss-20b", "low", 0.0, ("max_tokens", 4096)),
        ("Qwen/Qwen3-8B", None, 0.0, ("max_tokens", 256)),
        ("gpt-j-6b", None, 0.0, ("max_tokens", 256)),
        ("gpt-5", None, None, ("max_completion_tokens", 4096)),
        ("gpt-5-nano-2025-08-07", "minimal", None, ("max_completion_tokens", 4096)),
        ("gpt-5.4-mini", None, 0.0, ("max_completion_tokens", 256)),
        ("gpt-5.4-mini", "high", None, ("max_completion_tokens", 4096)),
        ("gpt-5.6-luna", None, None, ("max_completion_tokens", 4096)),
        ("gpt-5.6-luna", "none", 0.0, ("max_completion_tokens", 256)),
        ("gpt-6-luna", "none", None, ("max_completion_tokens", 256)),
        ("openai/gpt-6.2-sol", None, None, ("max_completion_tokens", 4096)),
        ("o3", "low", None, ("max_completion_tokens", 4096)),
        ("o4-mini-2025-04-16", None, None, ("max_completion_tokens", 4096)),
    ],
)
def test_quirks_by_name(model: str, effort: Any, temperature: float | None, limit: tuple[str, int]) -> None:
    options = OpenAIOptions(model=model, reasoning_effort=effort)
    fields = request_fields(options, quirks_of(model))
    assert fields.get("temperature") == temperature
    assert fields[limit[0]] == limit[1]
    assert ("max_tokens" in fields) != ("max_completion_tokens" in fields)
    assert fields.get("reasoning_effort") == effort


def test_a_name_that_tells_nothing_can_be_told() -> None:
    assert quirks_of("my-deployment", True).reasons
    assert not quirks_of("gpt-5-lookalike", False).reasons


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"model": "gpt-5", "temperature": 0.7}, "temperature"),
        ({"model": "gpt-5", "top_p": 0.5}, "top_p"),
        ({"model": "gpt-5.4", "temperature": 0.7, "reasoning_effort": "low"}, "temperature"),
        ({"model": "gpt-4o", "reasoning_effort": "low"}, "reasoning_effort"),
        ({"model": "o3", "stop": ("x",)}, "stop"),
    ],
)
def test_an_option_that_the_model_does_not_take_is_a_usage_error(options: dict[str, Any], named: str) -> None:
    with pytest.raises(UsageError, match=rf"scorer\.{named}"):
        OpenAIScorer(OpenAIOptions(base_url="http://localhost:1/v1", **options), CONTEXT)


def test_identity_holds_everything_that_changes_the_answer() -> None:
    def identity(**options: Any) -> Any:
        settings = {"model": "m", "base_url": "http://localhost:1/v1", **options}
        return OpenAIScorer(OpenAIOptions(**settings), CONTEXT).info().identity

    plain = identity()
    assert plain == identity(timeout=5, concurrency=3, price=None)
    others = [
        identity(model="n"),
        identity(base_url="http://localhost:2/v1"),
        identity(temperature=1),
        identity(top_p=0.5),
        identity(max_output_tokens=5),
        identity(stop=("x",)),
        identity(system="s"),
        identity(seed=1),
        identity(reasoning_effort="low"),
        identity(extra_body={"a": 1}),
    ]
    assert all(other != plain for other in others)


def test_prices_come_from_the_option_else_the_list_else_are_unknown() -> None:
    def price(**options: Any) -> Any:
        return OpenAIScorer(OpenAIOptions(base_url="http://localhost:1/v1", **options), CONTEXT).info().price

    assert price(model="gpt-4o-mini").input == 0.15
    assert price(model="openai/gpt-4o-mini-2024-07-18").output == 0.60
    assert price(model="my-model") is None
    own = Price(input=1.0, output=2.0)
    assert price(model="gpt-4o-mini", price=own) == own


def test_concurrency_is_told_to_the_core() -> None:
    info = OpenAIScorer(OpenAIOptions(model="m", base_url="http://localhost:1/v1"), CONTEXT).info()
    assert (info.batch_size, info.concurrency) == (1, 8)


def test_a_prompt_may_ask_for_a_temperature_and_a_sample_of_its_own(server: ProtocolServer) -> None:
    options = OpenAIOptions(base_url=server.openai_url, model="gpt-4o-mini", seed=5)
    scorer = OpenAIScorer(options, CONTEXT)
    prompts = (Prompt(text="hello"), Prompt(text="hello", temperature=0.9, sample=2))

    async def both() -> None:
        await scorer.complete(CompletionRequest(prompts=prompts))
        await scorer.aclose()

    asyncio.run(both())
    sent = sorted((call.body["temperature"], call.body["seed"]) for call in server.calls)
    assert sent == [(0.0, 5), (0.9, 7)]


@pytest.mark.parametrize(
    ("model", "limit"), [("test-model", "max_tokens"), ("gpt-5-mini", "max_completion_tokens")]
)
def test_a_prompt_that_needs_more_room_gets_it(server: ProtocolServer, model: str, limit: str) -> None:
    options = OpenAIOptions(model=model, base_url=server.openai_url, max_output_tokens=40)
    scorer = OpenAIScorer(options, CONTEXT)
    prompts = (Prompt(text="hello", room=90), Prompt(text="hello", room=20))

    async def once() -> None:
        await scorer.complete(CompletionRequest(prompts=prompts))
        await scorer.aclose()

    asyncio.run(once())
    assert sorted(call.body[limit] for call in server.calls) == [40, 90]
    assert [scorer.bound(prompt).output_tokens for prompt in prompts] == [90, 40]


def test_a_model_that_takes_no_temperature_gets_none_from_a_prompt(server: ProtocolServer) -> None:
    scorer = OpenAIScorer(OpenAIOptions(base_url=server.openai_url, model="gpt-5-mini"), CONTEXT)

    async def once() -> None:
        await scorer.complete(CompletionRequest(prompts=(Prompt(text="hello", temperature=0.9),)))
        await scorer.aclose()

    asyncio.run(once())
    assert "temperature" not in server.calls[-1].body
