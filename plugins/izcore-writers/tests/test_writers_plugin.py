"""Registration: found by entry point, presets that are complete and say what the papers say."""

import importlib.metadata

import msgspec
import pytest

import izcore
from izcore.plugin import GeneratorRegistration, UnknownNameError
from izcore_writers import plugin


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
    config = izcore.plan("mirror", scorer="obedient", preset=preset).config
    default = izcore.plan("mirror", scorer="obedient", generator=preset).config
    assert (config.search.initial, config.search.batch, config.search.rounds) == search
    assert config.generator == default.generator
    assert config.splits == msgspec.structs.replace(default.splits, retest=0)
    assert config.evaluation.policy is not None
    assert config.evaluation.policy.name == "full"
    assert config.generator.name == preset


def test_a_preset_finds_the_scorer_of_the_default_preset() -> None:
    pytest.importorskip("izcore_transformers")
    chosen = izcore.plan("mirror", preset="ape").config
    assert chosen.scorer == izcore.plan("mirror").config.scorer


@pytest.mark.parametrize(
    "method", [m for m in plugin.izcore_generators() if not m.generators], ids=lambda method: method.name
)
def test_the_writer_is_any_scorer_and_else_the_black_box(method: GeneratorRegistration) -> None:
    registry = izcore.discover()

    def writer(spec: str, **options: object) -> object:
        return registry.choose("generator", spec, options).options["writer"]

    assert method.models == ("writer",), "so that the core asks the black box where none is named"
    assert not writer(method.name)
    assert writer(f"{method.name}:scribe") == "scribe"
    table = {"name": "obedient", "model": "two"}
    assert writer(method.name, writer=table) == table
    with pytest.raises(UnknownNameError, match=r"generator.writer.*nobody"):
        izcore.plan("mirror", scorer="obedient", generator=f"{method.name}:nobody")


def test_gepa_reflects_once_a_round_and_tries_a_minibatch_first() -> None:
    config = izcore.plan("mirror", scorer="obedient", preset="gepa").config
    assert (config.search.initial, config.search.batch, config.search.rounds) == (1, 1, 144)
    assert config.evaluation.policy is not None
    assert config.evaluation.policy.name == "minibatch"
    assert config.evaluation.policy.options["size"] == config.generator.options["minibatch"] == 3
    assert config.splits.retest > 0, "its writer sees validation examples, so finalists meet on others"


def test_reelicit_searches_as_published() -> None:
    pytest.importorskip("izcore_botorch")
    config = izcore.plan("mirror", scorer="obedient", preset="reelicit").config
    assert (config.search.initial, config.search.batch, config.search.rounds) == (5, 5, 5)
    assert config.surrogate.name == "matern"
    wanted = {"acquisition": "nei", "optimizer": "gradient", "noise": "inferred", "proposals": 512}
    assert wanted.items() <= config.surrogate.options.items()
    published = {"elicitations": 5, "writes": 10, "tolerance": 0.1, "measured": 10, "shown": 12}
    assert {**published, "temperature": 0.7}.items() <= config.generator.options.items()
