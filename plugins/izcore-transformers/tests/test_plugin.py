"""Presets and the embedded model are registered consistently."""

import importlib

import msgspec
import pytest

from izcore.plugin import Preset, PullRequest
from izcore_transformers import plugin
from izcore_transformers.models.presets import EMBEDDED_MODEL, MODEL_PRESETS, known_conversation


@pytest.mark.parametrize("preset", plugin.izcore_presets())
def test_presets_hold_valid_options(preset: Preset) -> None:
    (generator,), (scorer,) = plugin.izcore_generators(), plugin.izcore_scorers()
    backends = {"generator": generator, "scorer": scorer}
    for role, settings in preset.settings.items():
        assert settings["name"] == backends[role].name
        options = {key: value for key, value in settings.items() if key != "name"}
        msgspec.convert(options, backends[role].options)


def test_model_presets_know_their_conversation() -> None:
    assert MODEL_PRESETS["vicuna"].source == "lmsys/vicuna-13b-v1.3"
    assert MODEL_PRESETS["wizardlm-13b-v1.1"].source == "WizardLM/WizardLM-13B-V1.1"
    names = ("vicuna", "vicuna-7b-v1.5", "wizardlm", "wizardlm-13b-v1.1", "WizardLM/WizardLM-13B-V1.1")
    for name in (*names, "lmsys/vicuna-33b-v1.3", "/models/my-Vicuna-7B"):
        assert known_conversation(name) == "vicuna"
    assert known_conversation("owner/other") == ""
    assert known_conversation(EMBEDDED_MODEL) == "tokenizer"


def test_embedded_model_is_listed_and_can_be_looked_for(tmp_path: object) -> None:
    (model,) = plugin.izcore_models()
    module, name = model.pull.split(":")
    pull = getattr(importlib.import_module(module), name)
    assert pull(PullRequest(cache_dir=str(tmp_path), check=True)).path == ""
