"""What a connection says of itself: waits, causes, and whether a request was sent."""

import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.servers.protocol_server import ProtocolServer

from izcore.plugin import retry_after, root_cause, shortened, was_sent


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
