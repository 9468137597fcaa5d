"""Against a real server on this machine."""

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from izcore.plugin import (
    BackendContext,
    Completion,
    CompletionRequest,
    FatalScorerError,
    Prompt,
    TransientScorerError,
    UsageError,
)
from izcore.testing import ScorerConformance, Subject
from izcore_rest.plugin import RestOptions
from izcore_rest.scorer import KEY, Rest


class Endpoint(BaseHTTPRequestHandler):
    """Repeats the prompt; what is asked under ``/429`` and the like fails with that code."""

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        prompt, code = json.loads(sent)["prompt"], self.path.strip("/")
        if code == "nonsense":
            return self.reply(200, {"hello": "there"})
        if code:
            return self.reply(int(code), {"error": f"no {self.headers.get('Authorization')}"})
        size = len(prompt.encode("utf-8", "surrogatepass"))
        return self.reply(200, {"text": prompt, "tokens": [size, 1]})

    def reply(self, code: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Retry-After", "7")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv(KEY, "very-secret-key")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


class TestRest(ScorerConformance):
    @pytest.fixture
    def subject(self, url: str) -> Subject:
        return Subject(plugin="izcore_rest.plugin", name="rest", options={"url": url})

    @pytest.fixture
    def failing_options(self, url: str) -> dict[str, str]:
        return {"url": f"{url}/503"}


def ask(url: str) -> Completion:
    context = BackendContext(seed=0, cache_dir=str(Path()), data_dir=str(Path()))
    scorer = Rest(RestOptions(url=url, timeout=5), context)

    async def once() -> Completion:
        try:
            return (await scorer.complete(CompletionRequest(prompts=(Prompt(text="hi"),)))).completions[0]
        finally:
            await scorer.aclose()

    return asyncio.run(once())


def test_an_answer_and_its_tokens_arrive(url: str) -> None:
    assert (ask(url).text, ask(url).usage.total) == ("hi", 3)


@pytest.mark.parametrize("code", [408, 429, 500, 503])
def test_what_may_pass_is_tried_again_when_the_server_says_so(url: str, code: int) -> None:
    with pytest.raises(TransientScorerError) as caught:
        ask(f"{url}/{code}")
    assert caught.value.retry_after == 7
    assert not caught.value.may_be_billed


@pytest.mark.parametrize("code", [400, 401, 404])
def test_what_cannot_pass_ends_the_run_and_shows_no_key(url: str, code: int) -> None:
    with pytest.raises(FatalScorerError) as caught:
        ask(f"{url}/{code}")
    assert "very-secret-key" not in str(caught.value)
    assert str(code) in caught.value.message


def test_an_answer_that_nobody_can_read_may_have_cost_something(url: str) -> None:
    with pytest.raises(TransientScorerError) as caught:
        ask(f"{url}/nonsense")
    assert caught.value.may_be_billed


def test_nobody_there_costs_nothing() -> None:
    with pytest.raises(TransientScorerError, match="cannot be reached") as caught:
        ask("http://127.0.0.1:9")
    assert not caught.value.may_be_billed


def test_what_is_no_url_is_said_before_anything_is_asked() -> None:
    with pytest.raises(UsageError, match=r"scorer\.url"):
        ask("our.host")
