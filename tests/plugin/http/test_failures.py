"""What an error response means, in words for people."""

import pytest

from izcore.plugin import (
    ErrorReply,
    ErrorSigns,
    FatalScorerError,
    Provider,
    TransientScorerError,
    find_endpoint,
)
from izcore.plugin.http.failures import Failure, failure_of

PROVIDER = Provider(
    name="Ours",
    url="https://api.ours.example",
    host="ours.example",
    url_variable="OURS_BASE_URL",
    key_variables=("OURS_API_KEY",),
    example_url="http://127.0.0.1:8080",
)
SIGNS = ErrorSigns(model_hint="Check the model.", request_hint="Check the options.")


def meaning(reply: ErrorReply, key: str = "sk-test-1234") -> Failure:
    endpoint = find_endpoint(PROVIDER, {"OURS_API_KEY": key}, base_url="http://localhost:9")
    return failure_of(reply, SIGNS, endpoint, "tiny")


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (400, "rejected the request"),
        (402, "credit"),
        (403, "does not permit"),
        (404, "does not know the model"),
        (413, "too long"),
        (422, "rejected the request"),
    ],
)
def test_what_cannot_be_mended_is_fatal(status: int, said: str) -> None:
    failure = meaning(ErrorReply(status=status, words="server's own words"))
    assert isinstance(failure, FatalScorerError)
    assert said in failure.message
    assert "server's own words" in failure.message
    assert failure.hint


def test_a_server_that_says_that_waiting_is_no_use_is_believed() -> None:
    no_use = {"x-should-retry": "false"}
    assert isinstance(meaning(ErrorReply(status=429, headers=no_use)), FatalScorerError)
    waits = meaning(ErrorReply(status=429, headers={**no_use, "retry-after": "600"}))
    assert isinstance(waits, TransientScorerError)
    assert waits.retry_after == 600


def test_a_wrong_or_expired_key() -> None:
    failure = meaning(ErrorReply(status=401))
    assert isinstance(failure, FatalScorerError)
    assert "OURS_API_KEY" in failure.message
    assert "resumed" in failure.hint


def test_a_server_that_wants_a_key_after_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    failure = meaning(ErrorReply(status=401), key="")
    assert isinstance(failure, FatalScorerError)
    assert "wants an API key" in failure.message
    assert "export OURS_API_KEY" in failure.hint


@pytest.mark.parametrize(("status", "billed"), [(504, True), (524, True), (500, False), (429, False)])
def test_what_a_provider_may_bill_is_told(status: int, billed: bool) -> None:
    failure = meaning(ErrorReply(status=status))
    assert isinstance(failure, TransientScorerError)
    assert failure.may_be_billed is billed


def test_long_words_are_cut() -> None:
    assert len(meaning(ErrorReply(status=500, words="x" * 5000)).message) < 500
