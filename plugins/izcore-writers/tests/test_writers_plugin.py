"""Registration: found by entry point, presets that are complete and say what the papers say."""

import importlib.metadata

import msgspec
import pytest

from izcore.config.layers import build_config
from izcore.config.model_roles import ModelRole, models_by_role
from izcore.config.schema import RunConfig
from izcore.plugin.errors import UnknownNameError
from izcore.registry.registry import discover
from izcore_writers import plugin

METHODS = [backend.name for backend in plugin.izcore_generators()]
BASE = {"task": "mirror", "scorer": "obedient"}


def test_the_entry_point_leads_here() -> None:
    found = [e for e in importlib.metadata.entry_points(group="izcore") if e.name == "writers"]
    assert [e.value for e in found] == ["izcore_writers.plugin"]


@pytest.mark.parametrize(
    ("preset", "search"),
    [
        ("ape", (50, 25, 3)),
        ("opro", (1, 8, 18)),
        ("evoprompt-ga", (10, 10, 10)),
        ("evoprompt-de", (10, 10, 10)),
    ],
)
def test_presets_have_the_papers_search_on_the_splits_of_the_default(
    preset: str, search: tuple[int, int, int]
) -> None:
    registry = discover()
    config = build_config(registry, [{**BASE, "preset": preset}], RunConfig)
    default = build_config(registry, [{**BASE, "generator": preset}], RunConfig)
    assert (config.search.initial, config.search.batch, config.search.rounds) == search
    assert config.generator == default.generator
    assert config.splits == msgspec.structs.replace(default.splits, retest=0)
    assert config.evaluation.policy == "full"
    assert config.generator.name == preset


def test_a_preset_finds_the_scorer_of_the_default_preset() -> None:
    pytest.importorskip("izcore_transformers")
    registry = discover()
    chosen = build_config(registry, [{"task": "mirror", "preset": "ape"}], RunConfig)
    assert chosen.scorer == build_config(registry, [{"task": "mirror"}], RunConfig).scorer


@pytest.mark.parametrize("method", METHODS)
def test_the_writer_is_any_scorer_and_else_the_black_box(method: str) -> None:
    registry = discover()

    def writer(generator: object) -> object:
        config = build_config(registry, [{**BASE, "generator": generator}], RunConfig)
        return models_by_role(registry, config)[ModelRole(kind="generator", option="writer")]

    black_box = build_config(registry, [{**BASE, "generator": method}], RunConfig).scorer
    assert writer(method) == black_box
    assert writer(f"{method}:scribe") == registry.choose("scorer", "scribe", {})
    table = {"name": method, "writer": {"name": "obedient", "model": "two"}}
    assert writer(table) == registry.choose("scorer", "obedient:two", {})
    with pytest.raises(UnknownNameError, match=r"generator.writer.*nobody"):
        writer(f"{method}:nobody")
