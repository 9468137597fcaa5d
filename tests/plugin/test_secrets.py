"""Keys and passwords are recognised where none should stand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from izcore.plugin.secrets import could_be_key, secret_in, without_secrets

KEYS = [
    "sk-proj-abcdefghij0123456789",
    "sk-ant-api03-AAAAbbbbCCCC1234",
    "gsk_a1b2c3d4e5f6g7h8i9j0k1l2",
    "hf_AbCdEfGhIjKlMnOpQr12StUv",
    "AIzaSyA1234567890abcdefghijklmnopqrstu",
    "AKIAIOSFODNN7EXAMPLE",
]


@pytest.mark.parametrize(
    "name", [*KEYS, "0123456789abcdef0123456789abcdef", "DEADBEEF0123456789ABCDEF", "with space", "a-b"]
)
def test_a_key_is_no_name_of_a_variable(name: str) -> None:
    assert could_be_key(name)


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "MY_KEY_2", "team_key", "PRODUCTION_OPENROUTER_KEY", ""])
def test_names_of_variables_are_names(name: str) -> None:
    assert not could_be_key(name)


@pytest.mark.parametrize("key", KEYS)
def test_known_keys_are_taken_out_of_messages(key: str) -> None:
    assert secret_in(f"x {key}.", address=False) == "an API key"
    assert without_secrets(f"Incorrect key: {key}.") == "Incorrect key: [key]."


@pytest.mark.parametrize(
    "address",
    [
        "https://user:s3cret@host/v1",
        "https://s3cret@host",
        "http:/user:s3cret@host",
        "user:s3cret@host:8080/v1",
        "https://user:p@s3cret@host",
        "https://host/v1?api_key=s3cret",
        "https://host/v1?a=b&X-Amz-Signature=s3cret&c=d",
        "http//host/?ACCESS_TOKEN=s3cret",
        "https://host/v1?subscription-key=s3cret#x",
    ],
)
def test_secrets_in_addresses_are_found_and_taken_out(address: str) -> None:
    assert secret_in(address, address=True)
    assert "s3cret" not in secret_in(address, address=True)
    assert "s3cret" not in without_secrets(f"cannot reach {address}, really")
    assert "host" in without_secrets(address)


@pytest.mark.parametrize("address", ["https://api.example.org/v1", "http://127.0.0.1:8080/v1?version=2", ""])
def test_usual_addresses_hold_no_secret(address: str) -> None:
    assert secret_in(address, address=True) == ""
    assert without_secrets(address) == address


@given(st.text())
def test_any_text_can_be_looked_at(text: str) -> None:
    without_secrets(text)
    could_be_key(text)
    secret_in(text, address=True)
