"""The scorer passes the kit, over real HTTP."""

from collections.abc import Mapping
from typing import Any

import pytest

from izcore.plugin import FinishReason, Usage
from izcore.testing import ChatProtocol, ChatRequest, ChatScorerConformance, ChatServer, Subject


class ChatCompletions:
    """Chat Completions, as a server reads and writes it."""

    def prompt(self, request: ChatRequest) -> str:
        return str(request.body["messages"][-1]["content"])

    def key(self, request: ChatRequest) -> str:
        return request.headers["authorization"].removeprefix("Bearer ")

    def answer(self, text: str, finish: FinishReason, usage: Usage | None) -> object:
        reasons = {"stop": "stop", "length": "length", "filtered": "content_filter", "refusal": "stop"}
        message = {"role": "assistant", "content": text}
        if finish == "refusal":
            message = {"role": "assistant", "refusal": text}
        body: dict[str, Any] = {"choices": [{"message": message, "finish_reason": reasons[finish]}]}
        if usage is not None:
            tokens = {"prompt_tokens": usage.input_tokens, "completion_tokens": usage.output_tokens}
            body["usage"] = tokens
        return body

    def error(self, status: int, words: str) -> object:
        return {"error": {"message": words, "type": "some_error", "param": None, "code": None}}


class TestOpenAI(ChatScorerConformance):
    @pytest.fixture
    def protocol(self) -> ChatProtocol:
        return ChatCompletions()

    @pytest.fixture
    def key_variable(self) -> str:
        return "OPENAI_API_KEY"

    @pytest.fixture(params=["test-model", "gpt-5-mini"])
    def subject(self, request: pytest.FixtureRequest, chat_server: ChatServer) -> Subject:
        options = {"model": request.param, "base_url": f"{chat_server.url}/v1"}
        return Subject(plugin="izcore_openai.plugin", name="openai", options=options)

    @pytest.fixture
    def failing_options(self) -> Mapping[str, Any]:
        return {"base_url": "http://127.0.0.1:9/v1"}
