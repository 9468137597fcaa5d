"""What every scorer behind HTTP shares: URLs, keys from environment and keyring, waits, causes."""

import asyncio
import importlib
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.servers.protocol_server import ProtocolServer

from izcore.plugin import (
    Key,
    LoopClients,
    UsageError,
    check_url,
    find_key,
    how_to_give,
    retry_after,
    root_cause,
    shortened,
    was_sent,
)

EXAMPLE = "http://127.0.0.1:8080/v1"


@pytest.mark.parametrize(
    "url", ["https://me:s3cret@host/v1", "https://host/v1?api-key=s3cret", "://u:s3cret@h"]
)
def test_a_url_with_a_secret_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_url(url, "scorer.base_url", example=EXAMPLE)
    assert "s3cret" not in str(caught.value)


@given(st.text(max_size=60) | st.from_regex(r"https?://[^ ]{0,40}", fullmatch=True))
def test_any_text_is_a_url_or_a_usage_error(text: str) -> None:
    try:
        checked = check_url(text, "scorer.base_url", example=EXAMPLE)
    except UsageError:
        return
    assert text.startswith(checked)
    assert checked.lower().startswith(("http://", "https://"))


@given(key=st.text(st.characters(codec="ascii", exclude_characters=" "), min_size=4), text=st.text())
def test_a_key_is_scrubbed_and_never_shown(key: str, text: str) -> None:
    found = Key("SOME_KEY", key)
    assert key not in found.scrub(f"{text}{key}{text}").replace("[key]", "")
    assert repr(found) == "Key(variable='SOME_KEY')"


def test_no_key_scrubs_nothing() -> None:
    assert not Key("SOME_KEY", "")
    assert Key("SOME_KEY", "").scrub("text") == "text"


@pytest.fixture
def keyring_file(tmp_path: Path) -> Iterator[None]:
    """A real keyring in a file of its own, chosen as a user chooses one."""
    keyring = pytest.importorskip("keyring", reason="the optional package keyring is not installed")
    plaintext = pytest.importorskip("keyrings.alt.file", reason="keyrings.alt is not installed")
    chosen = plaintext.PlaintextKeyring()
    chosen.file_path = str(tmp_path / "keys.cfg")
    before = keyring.get_keyring()
    keyring.set_keyring(chosen)
    keyring.set_password("izcore", "IZ_TEST_KEY", "from-the-keyring")
    yield
    keyring.set_keyring(before)


@pytest.mark.usefixtures("keyring_file")
def test_a_key_comes_from_the_keyring_when_the_environment_has_none() -> None:
    assert find_key("IZ_TEST_KEY", {}).value == "from-the-keyring"
    assert find_key("IZ_TEST_KEY", {"IZ_TEST_KEY": ""}).value == "from-the-keyring"
    assert find_key("IZ_TEST_KEY", {"IZ_TEST_KEY": "from-outside"}).value == "from-outside"
    assert not find_key("IZ_OTHER_KEY", {})
    assert "keyring set izcore IZ_TEST_KEY" in how_to_give("IZ_TEST_KEY")


def test_a_machine_without_a_working_keyring_has_no_key_in_it() -> None:
    keyring = pytest.importorskip("keyring", reason="the optional package keyring is not installed")
    before = keyring.get_keyring()
    keyring.set_keyring(importlib.import_module("keyring.backends.fail").Keyring())
    try:
        assert not find_key("IZ_TEST_KEY", {})
    finally:
        keyring.set_keyring(before)


@given(st.floats(min_value=0, max_value=1e6))
def test_seconds_and_milliseconds_are_read(seconds: float) -> None:
    assert retry_after({"retry-after": f"{seconds!r}"}) == seconds
    assert retry_after({"retry-after-ms": f"{seconds!r}", "retry-after": "7"}) == pytest.approx(seconds / 1e3)


@given(st.integers(min_value=-5000, max_value=5000))
def test_a_date_is_read(seconds: int) -> None:
    date = datetime.now(UTC) + timedelta(seconds=seconds)
    waited = retry_after({"retry-after": format_datetime(date, usegmt=True)})
    assert waited is not None
    assert waited == pytest.approx(max(0, seconds), abs=2)


@given(st.text(max_size=40))
def test_any_header_is_a_wait_or_none(text: str) -> None:
    waited = retry_after({"retry-after": text})
    assert waited is None or 0 <= waited < float("inf")


@given(st.text())
def test_a_message_is_one_line_of_bounded_length(text: str) -> None:
    assert len(shortened(text)) <= 301
    assert "\n" not in shortened(text)


def test_causes_are_told_from_the_bottom() -> None:
    error = RuntimeError("Connection error.")
    error.__cause__ = ConnectionRefusedError(111, "whatever")
    assert root_cause(error) == "Connection refused"
    assert root_cause(ValueError("it broke.")) == "it broke"
    assert root_cause(ValueError()) == "ValueError"
    assert root_cause(socket.gaierror(-2, "Name or service not known")) == "Name or service not known"


def test_a_server_that_speaks_no_tls_is_not_called_a_lack_of_permission() -> None:
    with ProtocolServer() as server, pytest.raises(httpx.ConnectError) as refused:
        httpx.get(server.url.replace("http:", "https:"))
    assert root_cause(refused.value).startswith("TLS: ")


def test_only_a_connection_that_never_came_about_was_not_sent() -> None:
    # Port 9 (discard) is closed on any machine that these tests are meant for.
    with pytest.raises(httpx.ConnectError) as refused:
        httpx.get("http://127.0.0.1:9/")
    assert not was_sent(refused.value)
    outer = RuntimeError("wrapped")
    outer.__cause__ = refused.value
    assert not was_sent(outer)
    assert was_sent(httpx.ReadError("dropped"))


class CountedClient:
    """A client that counts its closings."""

    closed = 0

    async def close(self) -> None:
        self.closed += 1


def test_every_loop_has_a_client_of_its_own() -> None:
    clients: LoopClients[CountedClient] = LoopClients(CountedClient, concurrency=3)

    async def use() -> CountedClient:
        assert clients.current() is clients.current()
        return clients.current()

    async def use_and_close() -> CountedClient:
        client = clients.current()
        await clients.aclose()
        assert clients.current() is not client
        return client

    assert asyncio.run(use()) is not asyncio.run(use())
    assert asyncio.run(use_and_close()).closed == 1


def test_many_calls_are_spread_over_clients() -> None:
    made: list[CountedClient] = []

    def make() -> CountedClient:
        made.append(CountedClient())
        return made[-1]

    async def use() -> None:
        clients = LoopClients(make, concurrency=20)
        used = [clients.current() for _ in range(6)]
        assert set(map(id, used)) == set(map(id, made))
        assert used[:3] == used[3:]
        await clients.aclose()

    asyncio.run(use())
    assert [client.closed for client in made] == [1, 1, 1]
