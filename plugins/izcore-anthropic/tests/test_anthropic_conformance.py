"""The scorers pass the kit, over real HTTP."""

from collections.abc import Mapping
from typing import Any

import pytest
from support.servers.protocol_server import Answer, ProtocolServer

from izcore.testing import ScorerConformance, Subject


class TestAnthropic(ScorerConformance):
    @pytest.fixture(params=["anthropic", "claude"])
    def subject(
        self, request: pytest.FixtureRequest, server: ProtocolServer, monkeypatch: pytest.MonkeyPatch
    ) -> Subject:
        monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-a-key-of-the-test")
        server.keys = {"sk-ant-a-key-of-the-test"}
        server.behave = lambda call: Answer(call.prompt.upper())
        model = {"model": "test-model"} if request.param == "anthropic" else {}
        options = {**model, "base_url": server.url}
        return Subject(plugin="izcore_anthropic.plugin", name=request.param, options=options)

    @pytest.fixture
    def failing_options(self) -> Mapping[str, Any]:
        return {"model": "no-such-model"}
