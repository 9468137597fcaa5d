"""Checks of scorers behind HTTP, against a server that speaks their protocol."""

import asyncio
import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from izcore.plugin.calls import Completion, CompletionRequest, FinishReason, Prompt, Usage
from izcore.plugin.errors import FatalScorerError, TransientScorerError
from izcore.plugin.images import encode_image, find_image
from izcore.plugin.registrations import BackendContext, BackendRegistration
from izcore.testing.backends import Make
from izcore.testing.chat_asking import answer, ask, at_port, closing, failure_of, greet, script, shown
from izcore.testing.chat_server import ChatProtocol, ChatServer, Reply
from izcore.testing.scorers import SYSTEM, TURNS, ScorerConformance
from izcore.testing.subject import Subject

KEY = "sk-planted-0123456789abcdef"
"""The key in the environment while a check runs; it must show itself nowhere."""


class ChatScorerConformance(ScorerConformance):
    """What the core relies on in a scorer behind HTTP, beside what it relies on in every scorer.

    Its options are those of ``ChatOptions``. ``subject`` names it, with options that lead it to
    ``chat_server``. ``protocol`` says how its
    service reads and writes. ``key_variable`` is the environment variable of its key.
    """

    @pytest.fixture
    def protocol(self) -> ChatProtocol:
        """How the provider's service reads requests and writes responses; every subclass supplies it."""
        pytest.fail("Override the fixture protocol: return a ChatProtocol.", pytrace=False)

    @pytest.fixture
    def key_variable(self) -> str:
        """The environment variable that holds the key; every subclass supplies it."""
        pytest.fail("Override the fixture key_variable: return its name.", pytrace=False)

    @pytest.fixture
    def chat_server(self, protocol: ChatProtocol) -> Iterator[ChatServer]:
        """The server; its ``url`` is what the subject's options name."""
        with ChatServer(protocol) as server:
            yield server

    @pytest.fixture(autouse=True)
    def key_in_environment(self, key_variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """The key is in the environment, as users have it."""
        monkeypatch.setenv(key_variable, KEY)
        monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")

    @pytest.fixture
    def written(
        self, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
    ) -> Callable[[], list[str]]:
        """Return a function that says what was logged and printed so far."""
        caplog.set_level(logging.DEBUG)
        return lambda: [caplog.text, *capfd.readouterr()]

    # --- answers ---------------------------------------------------------------------------------

    def test_an_answer_has_its_text_and_usage(self, make: Make, chat_server: ChatServer) -> None:
        """Text, tokens and the end of an answer are those that the server sent."""
        usage = Usage(input_tokens=10, output_tokens=4)
        script(chat_server, chat_server.answer("bonjour", usage=usage))
        assert ask(make(), "say hello") == (Completion(text="bonjour", usage=usage, finish="stop"),)

    def test_messages_arrive(self, make: Make, chat_server: ChatServer) -> None:
        """A scorer whose ``info`` says ``messages`` sends the system message and every turn."""
        scorer = make()
        if not scorer.info().messages:
            pytest.skip("info().messages is False: everything comes within the text")
        answer(scorer, Prompt(text="Three dogs.", system=SYSTEM, turns=TURNS))
        sent = json.dumps(chat_server.requests[-1].body)
        said = (SYSTEM, *(turn.text for turn in TURNS), "Three dogs.")
        assert [text for text in said if text not in sent] == []

    def test_images_arrive(self, make: Make, chat_server: ChatServer, tmp_path: Path) -> None:
        """A scorer whose ``info`` says ``images`` sends the content of files, and URLs as they are."""
        scorer = make()
        if not scorer.info().images:
            pytest.skip("info().images is False: a task with images is refused")
        path, url = tmp_path / "image.png", "https://example.org/image.png"
        path.write_bytes(b"\x89PNG\r\n\x1a\n and so on")
        file = find_image(str(path))
        answer(scorer, Prompt(text="What is this?", images=(file, find_image(url))))
        encoded = encode_image(file)
        assert encoded is not None
        sent = json.dumps(chat_server.requests[-1].body)
        assert [part for part in (encoded.data, url, "What is this?") if part not in sent] == []

    def test_answers_keep_the_order_of_prompts(self, make: Make) -> None:
        """Each prompt of a request gets its own answer, whichever comes first."""
        assert [each.text for each in ask(make(), "a", "b", "c")] == ["A", "B", "C"]

    @pytest.mark.parametrize("finish", ["length", "refusal", "filtered"])
    def test_how_an_answer_ended_is_told(
        self, make: Make, chat_server: ChatServer, finish: FinishReason
    ) -> None:
        """An answer that was cut, refused or filtered says so, as far as the protocol can."""
        reply = chat_server.answer("some", finish)
        if reply is None:
            pytest.skip(f"the protocol has no answers that end by {finish}")
        chat_server.script.append(reply)
        assert ask(make(), "?")[0].finish == finish

    def test_an_answer_without_usage_is_charged_at_its_bound(
        self, make: Make, chat_server: ChatServer
    ) -> None:
        """Where the server does not count, the call costs what it may have cost, so that a budget holds."""
        script(chat_server, chat_server.answer("yes"))
        scorer = make()
        assert ask(scorer, "?")[0].usage == scorer.bound(Prompt(text="?"))

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b"<html>hello</html>", b'{"unexpected": 5}'])
    def test_a_broken_answer_may_be_asked_again(
        self, make: Make, chat_server: ChatServer, body: bytes
    ) -> None:
        """What cannot be read is a failed try, which may be billed; it is never an answer."""
        chat_server.script.append(Reply(body, content_type="text/html" if body[:1] == b"<" else "text/json"))
        failure = failure_of(make(), "?")
        assert isinstance(failure, TransientScorerError)
        assert failure.may_be_billed
        assert ask(make(), "again")[0].text == "AGAIN"

    # --- failures --------------------------------------------------------------------------------

    @pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
    def test_what_may_pass_may_be_tried_again(self, make: Make, chat_server: ChatServer, status: int) -> None:
        """A busy or broken server is a transient failure, with its words; the scorer itself tries once."""
        chat_server.script.append(chat_server.failure(status, "please wait"))
        failure = failure_of(make(), "?")
        assert isinstance(failure, TransientScorerError)
        assert failure.retry_after is None
        assert f"({status})" in failure.message
        assert "please wait" in failure.message
        assert failure.may_be_billed is (status == 504)
        assert len(chat_server.requests) == 1, "the scorer must not try again on its own"

    def test_retry_after_is_handed_on(self, make: Make, chat_server: ChatServer) -> None:
        """The seconds that a server asks to wait reach the core, which waits."""
        chat_server.script.append(chat_server.failure(429, headers={"retry-after": "7"}))
        failure = failure_of(make(), "?")
        assert isinstance(failure, TransientScorerError)
        assert failure.retry_after == 7.0

    @pytest.mark.parametrize("status", [400, 402, 403, 404, 413, 422])
    def test_what_cannot_be_mended_is_fatal(self, make: Make, chat_server: ChatServer, status: int) -> None:
        """A rejected request stops the run at once, with the server's words and what to do."""
        chat_server.script.append(chat_server.failure(status, "the server's own words"))
        failure = failure_of(make(), "?")
        assert isinstance(failure, FatalScorerError)
        assert "the server's own words" in failure.message
        assert failure.hint

    def test_a_refused_key_is_named_by_its_variable(
        self, make: Make, chat_server: ChatServer, key_variable: str
    ) -> None:
        """A wrong or expired key is a fatal failure that names where the key came from."""
        chat_server.script.append(chat_server.failure(401, f"Incorrect key: {KEY}"))
        failure = failure_of(make(), "?")
        assert isinstance(failure, FatalScorerError)
        assert key_variable in failure.message
        assert failure.hint

    def test_long_words_are_shortened(self, make: Make, chat_server: ChatServer) -> None:
        """A message fits on a screen, however much a server says."""
        chat_server.script.append(chat_server.failure(500, "x" * 5000))
        assert len(failure_of(make(), "?").message) < 600

    def test_a_dropped_connection_may_be_billed(self, make: Make, chat_server: ChatServer) -> None:
        """A connection that breaks in the middle of an answer is a failed try."""
        whole = chat_server.answer("a rather long answer", usage=Usage(input_tokens=1, output_tokens=1))
        assert whole is not None
        chat_server.script.append(Reply(whole.body, cut=True))
        failure = failure_of(make(), "?")
        assert isinstance(failure, TransientScorerError)
        assert "connection" in failure.message.lower()
        assert failure.may_be_billed

    @pytest.mark.parametrize("reply", [Reply(b"{}", delay=30), Reply(b" " * 600, trickle=0.1)])
    def test_a_slow_answer_ends_at_the_time_limit(
        self,
        subject: Subject,
        backend: BackendRegistration,
        context: BackendContext,
        chat_server: ChatServer,
        reply: Reply,
    ) -> None:
        """The option ``timeout`` limits the whole call, also where an answer trickles in."""
        chat_server.script.append(reply)
        hasty = msgspec.structs.replace(subject, options={**subject.options, "timeout": 0.5})
        failure = failure_of(hasty.build(backend, context), "?")
        assert isinstance(failure, TransientScorerError)
        assert "0.5 seconds" in failure.message
        assert failure.may_be_billed

    def test_a_server_that_is_not_there_costs_nothing(
        self, subject: Subject, backend: BackendRegistration, context: BackendContext
    ) -> None:
        """What never left cannot be billed; the message names the address."""
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
            failure = failure_of(at_port(subject, port).build(backend, context), "?")
        assert isinstance(failure, TransientScorerError)
        assert f"127.0.0.1:{port}" in failure.message
        assert "base_url" in failure.hint
        assert not failure.may_be_billed

    def test_a_server_that_speaks_something_else_is_a_failed_try(
        self, subject: Subject, backend: BackendRegistration, context: BackendContext
    ) -> None:
        """Not everything that listens speaks HTTP."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            threading.Thread(target=greet, args=(listener,), daemon=True).start()
            scorer = at_port(subject, listener.getsockname()[1]).build(backend, context)
            assert isinstance(failure_of(scorer, "?"), TransientScorerError)

    def test_text_that_is_no_unicode_is_fatal(self, make: Make) -> None:
        """Half a character cannot be sent; no further try mends that."""
        failure = failure_of(make(), "half a character: \ud800")
        assert isinstance(failure, FatalScorerError)
        assert "UTF-8" in failure.message

    def test_among_several_failures_the_fatal_one_counts(self, make: Make, chat_server: ChatServer) -> None:
        """A request whose prompts fail in both ways fails for good."""
        chat_server.script.extend([chat_server.failure(500), chat_server.failure(400)])
        assert isinstance(failure_of(make(), "a", "b"), FatalScorerError)

    # --- keys ------------------------------------------------------------------------------------

    @pytest.mark.parametrize("status", [200, 400, 401, 404, 429, 500])
    def test_the_key_is_sent_and_never_shown(
        self, make: Make, chat_server: ChatServer, status: int, written: Callable[[], list[str]]
    ) -> None:
        """The key stands in no message, representation, log or output, also where the server repeats it."""
        if status != 200:
            chat_server.script.append(chat_server.failure(status, f"{'x' * 285}{KEY} is your key"))
        seen = shown(make()) + written()
        assert chat_server.protocol.key(chat_server.requests[0]) == KEY
        assert not [text for text in seen if KEY in text or KEY[3:14] in text]

    @pytest.mark.parametrize("cut", [False, True])
    @pytest.mark.parametrize("body", [f"<html>{KEY}</html>", f'{{"{KEY}": "{KEY}"}}'])
    def test_a_broken_answer_does_not_show_the_key(
        self, make: Make, chat_server: ChatServer, body: str, cut: bool, written: Callable[[], list[str]]
    ) -> None:
        """Nor does an answer that cannot be read, or breaks off."""
        chat_server.script.append(Reply(body.encode(), content_type="text/html", cut=cut))
        seen = shown(make()) + written()
        assert not [text for text in seen if KEY in text or KEY[3:14] in text]

    # --- event loops -----------------------------------------------------------------------------

    def test_one_scorer_serves_event_loops_of_several_threads(self, make: Make) -> None:
        """Connections belong to a loop; the scorer may be used in several, at once or one after another."""
        scorer = make()
        answers: list[str] = []
        threads = [threading.Thread(target=lambda: answers.append(ask(scorer, "x")[0].text)) for _ in "1234"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)
        assert answers == ["X"] * 4
        assert ask(scorer, "y")[0].text == "Y"

    def test_a_closed_scorer_opens_again(self, make: Make, chat_server: ChatServer) -> None:
        """Closing ends connections, not the scorer; closing twice does no harm."""
        scorer = make()

        async def twice() -> None:
            for _ in range(2):
                await scorer.complete(CompletionRequest(prompts=(Prompt(text="?"),)))
                await scorer.aclose()
            await scorer.aclose()

        asyncio.run(twice())
        assert len(chat_server.requests) == 2

    def test_many_calls_at_once_are_answered(self, make: Make, chat_server: ChatServer) -> None:
        """Two hundred calls at once each get their own answer."""
        chat_server.latency = 0.05
        wanted = [f"N{number}" for number in range(200)]
        scorer = make()

        async def work() -> list[str]:
            requests = [CompletionRequest(prompts=(Prompt(text=text.lower()),)) for text in wanted]
            results = await asyncio.gather(*(scorer.complete(request) for request in requests))
            return [result.completions[0].text for result in results]

        assert closing(scorer, work) == wanted

    def test_a_cancelled_call_stays_cancelled(self, make: Make, chat_server: ChatServer) -> None:
        """Cancelling is no failure of the server: the run has asked for it."""
        chat_server.latency = 30
        scorer = make()

        async def work() -> None:
            call = asyncio.ensure_future(scorer.complete(CompletionRequest(prompts=(Prompt(text="?"),))))
            await asyncio.sleep(0.2)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call

        closing(scorer, work)
