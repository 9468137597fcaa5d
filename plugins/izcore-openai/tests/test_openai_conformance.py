"""The scorer passes the kit, over real HTTP."""

from collections.abc import Mapping
from typing import Any

import pytest
from support.servers.protocol_server import Answer, ProtocolServer

from izcore.testing import ScorerConformance, Subject


class TestOpenAI(ScorerConformance):
    @pytest.fixture(params=["test-model", "gpt-5-mini"])
    def subject(
        self, request: pytest.FixtureRequest, server: ProtocolServer, monkeypatch: pytest.MonkeyPatch
    ) -> Subject:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-a-key-of-the-test")
        server.keys = {"sk-a-key-of-the-test"}
        server.behave = lambda call: Answer(call.prompt.upper())
        options = {"model": request.param, "base_url": server.openai_url}
        return Subject(plugin="izcore_openai.plugin", name="openai", options=options)

    @pytest.fixture
    def failing_options(self) -> Mapping[str, Any]:
        return {"model": "no-such-model"}
