"""The scorer passes the kit, over real HTTP."""

from collections.abc import Mapping
from typing import Any

import pytest

from izcore.plugin import FinishReason, Usage
from izcore.testing import ChatProtocol, ChatRequest, ChatScorerConformance, ChatServer, Subject


class Messages:
    """Anthropic's Messages, as a server reads and writes it."""

    def prompt(self, request: ChatRequest) -> str:
        return str(request.body["messages"][-1]["content"])

    def key(self, request: ChatRequest) -> str:
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        return request.headers.get("x-api-key") or bearer

    def answer(self, text: str, finish: FinishReason, usage: Usage | None) -> object | None:
        reasons = {"stop": "end_turn", "length": "max_tokens", "refusal": "refusal"}
        if finish not in reasons:
            return None  # a filtered prompt is an error response
        body: dict[str, Any] = {
            "content": [{"type": "text", "text": text}],
            "stop_reason": reasons[finish],
        }
        if usage is not None:
            body["usage"] = {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens}
        return body

    def error(self, status: int, words: str) -> object:
        return {"type": "error", "error": {"type": "some_error", "message": words}}


class TestAnthropic(ChatScorerConformance):
    @pytest.fixture
    def protocol(self) -> ChatProtocol:
        return Messages()

    @pytest.fixture(params=["anthropic", "claude"])
    def scorer(self, request: pytest.FixtureRequest) -> str:
        return str(request.param)

    @pytest.fixture
    def key_variable(self, scorer: str) -> str:
        return "ANTHROPIC_API_KEY" if scorer == "anthropic" else "ANTHROPIC_AUTH_TOKEN"

    @pytest.fixture
    def subject(self, scorer: str, chat_server: ChatServer) -> Subject:
        model = {"model": "test-model"} if scorer == "anthropic" else {}
        options = {**model, "base_url": chat_server.url}
        return Subject(plugin="izcore_anthropic.plugin", name=scorer, options=options)

    @pytest.fixture
    def failing_options(self) -> Mapping[str, Any]:
        return {"base_url": "http://127.0.0.1:9"}
