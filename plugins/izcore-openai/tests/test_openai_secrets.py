"""A planted key appears nowhere: not in messages, representations, logs or what the core records."""

import asyncio
import logging
import traceback
from typing import Any

import msgspec
import pytest
from support.servers.protocol_server import Body, Dropped, ProtocolServer

from izcore.plugin import BackendContext, CompletionRequest, IzError, Prompt
from izcore_openai.options import OpenAIOptions
from izcore_openai.scorer import OpenAIScorer

CONTEXT = BackendContext(seed=0, cache_dir="", data_dir="")
PLANTED = "sk-planted-0123456789abcdef"


@pytest.mark.parametrize(
    "behaviour",
    [
        Body(f"<html>{PLANTED}</html>".encode(), "text/html"),
        Body(f'{{"choices": "{PLANTED}"}}'.encode()),
        Dropped(),
    ],
)
def test_the_key_is_sent_and_never_shown(
    server: ProtocolServer,
    behaviour: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", PLANTED)
    caplog.set_level(logging.DEBUG)
    server.script.append(behaviour)
    options = OpenAIOptions(model="test-model", base_url=server.openai_url)
    scorer = OpenAIScorer(options, CONTEXT)
    seen = [repr(scorer), repr(scorer.info()), msgspec.json.encode(options).decode(), repr(vars(scorer))]

    async def once() -> None:
        try:
            result = await scorer.complete(CompletionRequest(prompts=(Prompt(text="?"),)))
            seen.append(repr(result))
        except IzError as error:
            seen.extend([str(error), repr(error), "".join(traceback.format_exception(error))])
        finally:
            await scorer.aclose()

    asyncio.run(once())
    captured = capfd.readouterr()
    seen.extend([caplog.text, captured.out, captured.err])
    assert server.calls[0].key == PLANTED
    assert len(seen) > 7
    assert not [text for text in seen if PLANTED in text]
    assert not [text for text in seen if PLANTED[3:14] in text]
