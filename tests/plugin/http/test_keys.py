"""API keys: from environment and keyring, and never shown."""

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from izcore.plugin import Key, find_key, how_to_give


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
