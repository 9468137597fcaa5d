"""Hints at what to install name distributions that exist, and have what is asked for."""

import pytest
from support import ROOT

import izcore
from izcore.plugin.errors import UnknownNameError
from izcore.registry.hints import known_distributions, where_to_find


def test_the_table_says_what_the_bundled_plugins_register() -> None:
    registry = izcore.discover()
    bundled = {folder.name for folder in (ROOT / "plugins").iterdir()}
    registered = {
        (plugin.distribution, kind, registration.name)
        for plugin in registry.plugins
        if plugin.distribution in bundled
        for kind, registration in registry.contributions(plugin).registrations()
    }
    known = {
        (distribution, kind, name)
        for distribution, offers in known_distributions().items()
        if distribution in bundled
        for kind, names in offers.items()
        for name in names
    }
    assert known == registered, "mend izcore/registry/distributions.toml"


def test_what_is_not_installed_is_said_to_be_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IZ_NO_PLUGINS", "openai")
    with pytest.raises(UnknownNameError) as caught:
        izcore.discover().find("scorer", "openai")
    assert "pip install izcore-openai" in caught.value.hint


def test_nothing_is_guessed_from_what_was_typed() -> None:
    assert where_to_find("scorer", "opanai") == ""
    with pytest.raises(UnknownNameError) as caught:
        izcore.discover().find("scorer", "opanai")
    assert "pip install" not in caught.value.hint
    assert "openai" in caught.value.hint
