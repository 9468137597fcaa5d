"""Registration: light, found by entry point, and presets that say what they should."""

import importlib.metadata
import subprocess
import sys

import msgspec

from izcore.plugin import BackendContext
from izcore_botorch import plugin


def test_registration_imports_nothing_heavy() -> None:
    code = (
        "import sys, izcore_botorch.plugin as p; list(p.izcore_surrogates()); list(p.izcore_presets());"
        "print([m for m in ('torch', 'botorch', 'gpytorch', 'cma', 'numpy', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_factory_takes_its_default_options() -> None:
    context = BackendContext(seed=0, cache_dir="", data_dir="")
    for backend in plugin.izcore_surrogates():
        module, _, name = backend.factory.partition(":")
        factory = getattr(importlib.import_module(module), name)
        assert callable(factory(backend.options(), context).suggest)


def test_presets_name_their_surrogate() -> None:
    presets = {preset.name: preset.settings["surrogate"] for preset in plugin.izcore_presets()}
    assert set(presets) == {"paper", "instinct", "zopo"}
    assert all(presets[name]["name"] == name for name in ("instinct", "zopo"))
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
