"""Against a server on this machine that speaks the endpoint's protocol."""

from collections.abc import Mapping
from typing import Any

import pytest

from izcore.plugin import BackendContext, FinishReason, Usage, UsageError
from izcore.testing import ChatProtocol, ChatRequest, ChatScorerConformance, ChatServer, Subject
from izcore_rest.plugin import RestOptions
from izcore_rest.scorer import Rest


class RestProtocol:
    """What the endpoint reads and writes."""

    def prompt(self, request: ChatRequest) -> str:
        """Return the prompt in a request."""
        return str(request.body["prompt"])

    def key(self, request: ChatRequest) -> str:
        """Return the key in a request."""
        return request.headers["authorization"].removeprefix("Bearer ")

    def answer(self, text: str, finish: FinishReason, usage: Usage | None) -> object | None:
        """Return the body of an answer; the endpoint knows no refusals and has no filter."""
        if finish not in ("stop", "length"):
            return None
        body: dict[str, Any] = {"text": text, "cut": finish == "length"}
        return body if usage is None else {**body, "tokens": [usage.input_tokens, usage.output_tokens]}

    def error(self, status: int, words: str) -> object:
        """Return the body of an error."""
        return {"error": words}


class TestRest(ChatScorerConformance):
    """What every scorer behind HTTP promises: answers, failures, keys that never show, event loops."""

    @pytest.fixture
    def protocol(self) -> ChatProtocol:
        """Say how the server speaks."""
        return RestProtocol()

    @pytest.fixture
    def key_variable(self) -> str:
        """Say where users put the key."""
        return "REST_API_KEY"

    @pytest.fixture
    def subject(self, chat_server: ChatServer) -> Subject:
        """Say which backend is tested, and with which options."""
        options = {"model": "tiny", "base_url": chat_server.url}
        return Subject(plugin="izcore_rest.plugin", name="rest", options=options)

    @pytest.fixture
    def failing_options(self) -> Mapping[str, Any]:
        """Options under which every call fails: nobody listens there."""
        return {"base_url": "http://127.0.0.1:9"}


def test_the_service_itself_wants_a_key_before_anything_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong with the settings is the user's to mend, and the message names the variable."""
    for variable in ("REST_API_KEY", "REST_BASE_URL"):
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(UsageError, match="REST_API_KEY"):
        Rest(RestOptions(model="tiny"), BackendContext(seed=0, cache_dir="", data_dir=""))
