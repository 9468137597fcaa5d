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
        """Answer, or fail as the path says."""
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        prompt, code = json.loads(sent)["prompt"], self.path.strip("/")
        if code == "nonsense":
            return self.reply(200, {"hello": "there"})
        if code:
            return self.reply(int(code), {"error": f"no {self.headers.get('Authorization')}"})
        size = len(prompt.encode("utf-8", "surrogatepass"))
        return self.reply(200, {"text": prompt, "tokens": [size, 1]})

    def reply(self, code: int, content: dict[str, Any]) -> None:
        """Send JSON, and say when to try again."""
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
    """Run the endpoint, with a key in the environment, and yield its address."""
    monkeypatch.setenv(KEY, "very-secret-key")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


class TestRest(ScorerConformance):
    """What every scorer promises."""

    @pytest.fixture
    def subject(self, url: str) -> Subject:
        """Say which backend is tested, and with which options."""
        return Subject(plugin="izcore_rest.plugin", name="rest", options={"url": url})

    @pytest.fixture
    def failing_options(self, url: str) -> dict[str, str]:
        """Options under which every call has to fail, for the checks of errors."""
        return {"url": f"{url}/503"}


def ask(url: str) -> Completion:
    """Ask one question in an event loop of its own, and return the answer."""
    context = BackendContext(seed=0, cache_dir=str(Path()), data_dir=str(Path()))
    scorer = Rest(RestOptions(url=url, timeout=5), context)

    async def once() -> Completion:
        try:
            return (await scorer.complete(CompletionRequest(prompts=(Prompt(text="hi"),)))).completions[0]
        finally:
            await scorer.aclose()

    return asyncio.run(once())


def test_an_answer_and_its_tokens_arrive(url: str) -> None:
    """Text and usage are what the endpoint sent."""
    assert (ask(url).text, ask(url).usage.total) == ("hi", 3)


@pytest.mark.parametrize("code", [408, 429, 500, 503])
def test_what_may_pass_is_tried_again_when_the_server_says_so(url: str, code: int) -> None:
    """Passing failures carry the wait that the server asked for, and cost nothing."""
    with pytest.raises(TransientScorerError) as caught:
        ask(f"{url}/{code}")
    assert caught.value.retry_after == 7
    assert not caught.value.may_be_billed


@pytest.mark.parametrize("code", [400, 401, 404])
def test_what_cannot_pass_ends_the_run_and_shows_no_key(url: str, code: int) -> None:
    """The message tells the code, and holds no key, even where the server sent it back."""
    with pytest.raises(FatalScorerError) as caught:
        ask(f"{url}/{code}")
    assert "very-secret-key" not in str(caught.value)
    assert str(code) in caught.value.message


def test_an_answer_that_nobody_can_read_may_have_cost_something(url: str) -> None:
    """What the server worked for may stand on its bill."""
    with pytest.raises(TransientScorerError) as caught:
        ask(f"{url}/nonsense")
    assert caught.value.may_be_billed


def test_nobody_there_costs_nothing() -> None:
    """What never arrived cannot be billed."""
    with pytest.raises(TransientScorerError, match="cannot be reached") as caught:
        ask("http://127.0.0.1:9")
    assert not caught.value.may_be_billed


def test_what_is_no_url_is_said_before_anything_is_asked() -> None:
    """A bad address is the user's mistake, and the message names the option."""
    with pytest.raises(UsageError, match=r"scorer\.url"):
        ask("our.host")
