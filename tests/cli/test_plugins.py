"""``iz plugins``, the choice of plugins before import, and the trace of hook calls."""

import os
import re
from pathlib import Path
from typing import Any

import pytest
from support import TOY, Iz, assert_explained, result_of
from support.plugin_folder import OLD_PLUGIN, install_plugin

KEY = "acme-0123456789"
WATCHING = f"""
from izcore.plugin import hookimpl
IZCORE_API = 1
@hookimpl
def izcore_call_finished(event):
    raise ValueError("cannot log in with {KEY}")
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder with the plugin of the first version in it."""
    folder = tmp_path / "installed"
    folder.mkdir()
    install_plugin(folder, "izcore-first", OLD_PLUGIN.read_text(encoding="utf-8"), entry="first-plugin")
    return folder


def described(site: Path, iz: Iz, *arguments: str, **environment: str) -> Any:
    return result_of(iz("plugins", *arguments, "--json", env={"PYTHONPATH": str(site), **environment}))


def test_list_says_what_each_plugin_offers(site: Path, iz: Iz) -> None:
    plugins = {each["name"]: each for each in described(site, iz, "list")["plugins"]}
    first = plugins["first-plugin"]
    assert (first["distribution"], first["version"], first["api_version"]) == ("izcore-first", "1.5", 1)
    assert {each["kind"] for each in first["backends"]} == {
        "generator",
        "scorer",
        "surrogate",
        "task",
        "metric",
    }
    assert (first["presets"], first["models"]) == (["first"], ["first"])
    assert first["observes"] == ["izcore_run_started", "izcore_trial_finished"]
    shown = iz("plugins", "list", env={"PYTHONPATH": str(site), "COLUMNS": "140"}).stdout
    assert "models: first" in shown
    assert "observes: run_started, trial_finished" in shown


@pytest.mark.parametrize("name", ["first-plugin", "izcore-first", "IzCore_First"])
def test_show_takes_a_plugin_or_a_distribution(site: Path, iz: Iz, name: str) -> None:
    shown = described(site, iz, "show", name)
    assert [plugin["name"] for plugin in shown["plugins"]] == ["first-plugin"]
    assert len(shown["backends"]) == 5
    scorer = next(each for each in shown["backends"] if each["kind"] == "scorer")
    assert scorer["api_version"] == 1
    assert scorer["options"] == [{"name": "loud", "type": "bool", "default": "False", "description": ""}]
    text = iz("plugins", "show", name, env={"PYTHONPATH": str(site)}).stdout
    for part in ("izcore-first 1.5", "hook API 1", "scorer.loud", "preset first", "observes run_started"):
        assert part in text


def test_show_takes_a_backend_and_explains_what_is_unknown(site: Path, iz: Iz) -> None:
    shown = described(site, iz, "show", "same_letters")
    assert shown["plugins"] == []
    assert [each["distribution"] for each in shown["backends"]] == ["izcore-toy"]
    assert_explained(iz("plugins", "show", "same_leters"), "same_leters", "Did you mean same_letters", code=2)


def test_doctor_also_imports_what_models_are_pulled_with(site: Path, iz: Iz) -> None:
    module = site / "izcore_first.py"
    module.write_text(module.read_text().replace('pull="izcore_first:pull"', 'pull="izcore_first:push"'))
    process = iz("plugins", "doctor", env={"PYTHONPATH": str(site), "IZ_PLUGINS": "izcore-first"})
    assert process.returncode == 1
    assert "model first" in process.stdout
    assert "izcore-first" in process.stdout


@pytest.mark.parametrize(
    ("before", "environment", "unknown"),
    [
        (("--no-plugin", "toi"), {}, "to leave out. Did you mean toy"),
        ((), {"IZ_NO_PLUGINS": "toi"}, "to leave out. Did you mean toy"),
        ((), {"IZ_PLUGINS": "toi,first-plugin"}, "to load. Did you mean toy"),
    ],
)
def test_unknown_names_are_warned_of(
    site: Path, iz: Iz, before: tuple[str, ...], environment: dict[str, str], unknown: str
) -> None:
    process = iz(*before, "plugins", "list", "--json", env={"PYTHONPATH": str(site), **environment})
    assert f"iz: There is no plugin 'toi' {unknown}" in process.stderr
    status = {each["name"]: each["status"] for each in result_of(process)["plugins"]}
    assert status["first-plugin"] == "loaded"
    assert status["toy"] == ("blocked" if "IZ_PLUGINS" in environment else "loaded")


def test_the_trace_shows_every_call_and_neither_keys_nor_texts(site: Path, iz: Iz) -> None:
    install_plugin(site, "zz-watching", WATCHING)
    small = ("--set", "search.initial=2", "--set", "search.rounds=0", "--set", "splits.test=3")
    environment = {**os.environ, "PYTHONPATH": str(site), "ACME_API_KEY": KEY}
    process = iz("--trace-plugins", "optimize", "mirror", *TOY, *small, "--json", env=environment)
    result_of(process)
    traced = [line for line in process.stderr.splitlines() if line.startswith("trace: ")]
    for pattern in (
        r"trace: toy: importing izcore_toy\.plugin of izcore-toy 0\.3\.0",
        r"trace: toy: izcore_scorers\(\) -> 2 records, [\d.]+ ms",
        r"trace: first-plugin: izcore_run_started\(\) -> nothing, [\d.]+ ms",
        r"trace: zz-watching: izcore_call_finished\(CallFinished run_id=.*\) -> "
        r"ValueError: cannot log in with \[key\], [\d.]+ ms",
        r"trace: first-plugin: izcore_trial_finished\(TrialFinished run_id=\S+\) -> nothing, [\d.]+ ms",
        r"trace: progress display: izcore_phase_started\(PhaseStarted run_id=\S+ phase=prepare .*\) -> .*",
    ):
        assert any(re.fullmatch(pattern, line) for line in traced), pattern
    assert KEY not in process.stderr
    assert not any("Write the" in line or "Input:" in line for line in traced)
    assert "trace: " not in iz("plugins", "list").stderr
