"""Registration: found by entry point, and presets that say what they should."""

import importlib.metadata

import msgspec

from izcore_botorch import plugin


def test_presets_name_their_surrogate() -> None:
    presets = {preset.name: preset.settings["surrogate"] for preset in plugin.izcore_presets()}
    others = {"structured", "instinct", "presto", "zopo", "hbbops"}
    assert set(presets) == {"paper", "default", *others}
    assert presets["default"]["name"] == "structured"
    assert all(presets[name]["name"] == name for name in others)
    assert presets["paper"]["name"] == "instruction-coupled"


def test_the_paper_preset_is_the_published_search_whatever_the_defaults() -> None:
    paper = next(p for p in plugin.izcore_presets() if p.name == "paper").settings["surrogate"]
    backend = next(b for b in plugin.izcore_surrogates() if b.name == paper["name"])
    chosen = {key: value for key, value in paper.items() if key != "name"}
    published = {"acquisition": "ei", "optimizer": "cmaes", "noise": "inferred"}
    assert chosen == published | {"batch": "independent", "repeats": "ignored"}
    assert msgspec.convert(chosen, backend.options) == backend.options()


def test_the_entry_point_leads_here() -> None:
    found = [e for e in importlib.metadata.entry_points(group="izcore") if e.name == "botorch"]
    assert [e.value for e in found] == ["izcore_botorch.plugin"]
