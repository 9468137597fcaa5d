"""What is sent: the quirks of models, the API version, and what makes two scorers the same."""

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
from izcore_anthropic.options import AnthropicOptions
from izcore_anthropic.quirks import quirks_of, request_fields
from izcore_anthropic.scorer import AnthropicScorer

CONTEXT = BackendContext(seed=0, cache_dir="", data_dir="")


TURNS = (Message(role="user", text="Hello."), Message(role="assistant", text="Whom do you miss?"))


def ask(server: ProtocolServer, prompt: str | Prompt = "hello", **options: Any) -> tuple[Completion, Call]:
    scorer = AnthropicScorer(AnthropicOptions(base_url=server.url, **options), CONTEXT)
    asked = Prompt(text=prompt) if isinstance(prompt, str) else prompt

    async def once() -> Completion:
        try:
            return (await scorer.complete(CompletionRequest(prompts=(asked,)))).completions[0]
        finally:
            await scorer.aclose()

    return asyncio.run(once()), server.calls[-1]


def test_a_model_that_takes_a_temperature_gets_0_by_an_api_version_that_knows_it(
    server: ProtocolServer,
) -> None:
    _, call = ask(server, model="claude-haiku-4-5")
    assert call.body == {
        "model": "claude-haiku-4-5",
        "messages": [{"role": "user", "content": "hello"}],
        "temperature": 0.0,
        "max_tokens": 256,
    }
    assert call.headers["anthropic-version"] == "2023-06-01"


def test_system_message_and_turns_arrive_as_messages(server: ProtocolServer) -> None:
    prompt = Prompt(text="Bertha.", system="Name the town.", turns=TURNS)
    _, call = ask(server, prompt, model="claude-haiku-4-5", system="Be brief.")
    assert call.body["system"] == "Be brief.\n\nName the town."
    assert call.body["messages"] == [
        {"role": "user", "content": "Hello."},
        {"role": "assistant", "content": "Whom do you miss?"},
        {"role": "user", "content": "Bertha."},
    ]


def test_the_first_word_is_the_users(server: ProtocolServer) -> None:
    prompt = Prompt(text="Bertha.", system="Name the town.", turns=TURNS[1:])
    _, call = ask(server, prompt, model="claude-haiku-4-5")
    assert call.system == "Name the town."
    said = "Assistant: Whom do you miss?\n\nUser: Bertha."
    assert call.body["messages"] == [{"role": "user", "content": said}]


def test_images_arrive_as_blocks(server: ProtocolServer, tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(PNG)
    web, file = find_image("https://example.org/b.webp"), find_image(str(path))
    turns = (Message(role="user", text="First.", images=(web,)), Message(role="assistant", text="red"))
    prompt = Prompt(text="Which colour?", turns=turns, images=(file,))
    _, call = ask(server, prompt, model="claude-haiku-4-5")
    linked = {"type": "image", "source": {"type": "url", "url": "https://example.org/b.webp"}}
    source = {"type": "base64", "media_type": "image/png", "data": base64.b64encode(PNG).decode()}
    assert call.body["messages"] == [
        {"role": "user", "content": [linked, {"type": "text", "text": "First."}]},
        {"role": "assistant", "content": "red"},
        {
            "role": "user",
            "content": [{"type": "image", "source": source}, {"type": "text", "text": "Which colour?"}],
        },
    ]


def test_images_count_in_the_bound_and_too_large_ones_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k")
    path = tmp_path / "a.png"
    path.write_bytes(PNG)
    asked = Prompt(text="Which colour?", images=(find_image(str(path)),))
    scorer = AnthropicScorer(AnthropicOptions(model="claude-haiku-4-5"), CONTEXT)
    assert scorer.bound(asked).input_tokens == scorer.bound(Prompt(text="Which colour?")).input_tokens + 5000
    path.write_bytes(PNG + bytes(4 * 2**20))
    with pytest.raises(UsageError, match=r"too large for claude-haiku-4-5: 5.3 MiB"):
        scorer.bound(asked)
    assert scorer.info().images
    assert not AnthropicScorer(AnthropicOptions(model="claude-2.1"), CONTEXT).info().images


def test_a_current_model_gets_what_it_takes(server: ProtocolServer) -> None:
    completion, call = ask(server, model="claude-haiku-5-5", system="be brief")
    assert completion.finish == "stop"
    assert call.body == {
        "model": "claude-haiku-5-5",
        "system": "be brief",
        "messages": [{"role": "user", "content": "hello"}],
        "max_tokens": 4096,
    }
    assert call.headers["anthropic-version"] > "2023-06-01"


def test_reasoning_can_be_turned_off(server: ProtocolServer) -> None:
    completion, call = ask(server, model="claude-haiku-5-5", reasoning_effort="none")
    assert call.body["thinking"] == {"type": "disabled"}
    assert call.body["max_tokens"] == 256
    assert completion.text == "ok"


def test_all_options_reach_the_server(server: ProtocolServer) -> None:
    _, call = ask(
        server,
        model="test-model",
        system="be brief",
        temperature=0.7,
        max_output_tokens=17,
        stop=("END", "x"),
    )
    expected = {"system": "be brief", "temperature": 0.7, "max_tokens": 17, "stop_sequences": ["END", "x"]}
    assert {name: call.body[name] for name in expected} == expected


def test_a_url_with_v1_works_too(server: ProtocolServer) -> None:
    scorer = AnthropicScorer(AnthropicOptions(model="test-model", base_url=f"{server.url}/v1/"), CONTEXT)
    asyncio.run(scorer.complete(CompletionRequest(prompts=(Prompt(text="hello"),))))
    assert server.calls[0].path == "/v1/messages"


@pytest.mark.parametrize(
    ("model", "effort", "temperature", "room", "thinking"),
    [
        ("claude-3-5-haiku-20241022", None, 0.0, 256, None),
        ("claude-opus-4-20250514", None, 0.0, 256, None),
        ("claude-haiku-4-5-20251001", "none", 0.0, 256, None),
        ("anthropic/claude-sonnet-4-6", None, 0.0, 256, None),
        ("claude-sonnet-4-6", "low", None, 4096, "adaptive"),
        ("claude-opus-4-8", None, None, 256, None),
        ("claude-opus-4-8", "low", None, 4096, "adaptive"),
        ("claude-opus-5", "none", None, 256, "disabled"),
        ("anthropic.claude-sonnet-5-5", "none", None, 256, "between_tools"),
        ("claude-opus-5-5", None, None, 4096, None),
        ("claude-fable-5-2", "low", None, 4096, None),
        ("claude-next-9", None, None, 4096, None),
        ("Qwen/Qwen3-8B", None, 0.0, 256, None),
        ("smollm2", "none", 0.0, 256, "disabled"),
    ],
)
def test_quirks_by_name(
    model: str, effort: Any, temperature: float | None, room: int, thinking: str | None
) -> None:
    fields = request_fields(AnthropicOptions(model=model, reasoning_effort=effort), quirks_of(model))
    assert fields.get("temperature") == temperature
    assert fields["max_tokens"] == room
    assert fields.get("thinking", {}).get("type") == thinking
    wanted = {"effort": effort} if effort not in (None, "none") else None
    assert fields.get("output_config") == wanted


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"model": "claude-haiku-5-5", "temperature": 0.7}, "temperature"),
        ({"model": "claude-sonnet-4-6", "temperature": 0.7, "reasoning_effort": "low"}, "temperature"),
        ({"model": "claude-haiku-4-5", "reasoning_effort": "low"}, "reasoning_effort"),
        ({"model": "claude-opus-5-5", "reasoning_effort": "none"}, "reasoning_effort"),
    ],
)
def test_an_option_that_the_model_does_not_take_is_a_usage_error(options: dict[str, Any], named: str) -> None:
    with pytest.raises(UsageError, match=rf"scorer\.{named}"):
        AnthropicScorer(AnthropicOptions(base_url="http://localhost:1", **options), CONTEXT)


def test_identity_holds_everything_that_changes_the_answer() -> None:
    def identity(**options: Any) -> Any:
        settings = {"model": "m", "base_url": "http://localhost:1", **options}
        return AnthropicScorer(AnthropicOptions(**settings), CONTEXT).info().identity

    plain = identity()
    assert plain == identity(timeout=5, concurrency=3, price=None)
    others = [
        identity(model="n"),
        identity(base_url="http://localhost:2"),
        identity(temperature=1),
        identity(max_output_tokens=5),
        identity(stop=("x",)),
        identity(system="s"),
        identity(reasoning_effort="low"),
    ]
    assert all(other != plain for other in others)


def test_prices_come_from_the_option_else_the_list_else_are_unknown() -> None:
    def price(**options: Any) -> Any:
        options = {"base_url": "http://localhost:1", **options}
        return AnthropicScorer(AnthropicOptions(**options), CONTEXT).info().price

    assert price(model="claude-haiku-5-5").input == 0.10
    assert price(model="anthropic/claude-haiku-4-5-20251001").output == 5.0
    assert price(model="my-model") is None
    own = Price(input=1.0, output=2.0)
    assert price(model="claude-haiku-5-5", price=own) == own


def test_concurrency_is_told_to_the_core() -> None:
    options = AnthropicOptions(model="m", base_url="http://localhost:1")
    info = AnthropicScorer(options, CONTEXT).info()
    assert (info.batch_size, info.concurrency) == (1, 8)


@pytest.mark.parametrize(
    ("model", "wanted", "sent"),
    [("claude-haiku-4-5", 0.9, 0.9), ("claude-haiku-4-5", 1.7, 1.0), ("claude-haiku-5-5", 0.9, None)],
)
def test_a_prompt_may_ask_for_a_temperature_of_its_own(
    server: ProtocolServer, model: str, wanted: float, sent: float | None
) -> None:
    scorer = AnthropicScorer(AnthropicOptions(base_url=server.url, model=model), CONTEXT)

    async def once() -> None:
        await scorer.complete(CompletionRequest(prompts=(Prompt(text="hello", temperature=wanted),)))
        await scorer.aclose()

    asyncio.run(once())
    assert server.calls[-1].body.get("temperature") == sent


def test_a_prompt_that_needs_more_room_gets_it(server: ProtocolServer) -> None:
    options = AnthropicOptions(base_url=server.url, model="claude-haiku-4-5", max_output_tokens=40)
    scorer = AnthropicScorer(options, CONTEXT)
    prompts = (Prompt(text="hello", room=90), Prompt(text="hello", room=20))

    async def once() -> None:
        await scorer.complete(CompletionRequest(prompts=prompts))
        await scorer.aclose()

    asyncio.run(once())
    assert sorted(call.body["max_tokens"] for call in server.calls) == [40, 90]
    assert [scorer.bound(prompt).output_tokens for prompt in prompts] == [90, 40]
