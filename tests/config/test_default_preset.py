"""What the default searches, with and without izcore-botorch, while published searches stay as they are."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from support import Iz, write_lines

import izcore

TOYS: dict[str, Any] = {"generator": "phrases", "scorer": "obedient"}
OF_THE_DEFAULT = ("default", "quick")

pytestmark = pytest.mark.usefixtures("real_default")


def planned(registry: izcore.Registry, **options: Any) -> izcore.RunConfig:
    return izcore.plan("mirror", registry=registry, **{**TOYS, **options}).config


def sizes(config: izcore.RunConfig) -> tuple[int, int, int]:
    return (config.search.initial, config.search.batch, config.search.rounds)


def test_the_default_crosses_sentences_with_choices_in_small_rounds() -> None:
    pytest.importorskip("izcore_botorch")
    config = planned(izcore.discover())
    assert config.surrogate.name == "structured"
    assert [each.name for each in config.coordinates] == ["form", "exemplars"]
    assert sizes(config) == (24, 16, 8)
    quick = planned(izcore.discover(), preset="quick")
    assert (sizes(quick), quick.coordinates) == ((24, 16, 2), config.coordinates)


def test_without_a_model_sobol_points_choose_sentences_and_choices() -> None:
    config = planned(izcore.discover(blocked=["botorch"]))
    assert config.surrogate.name == "sobol"
    assert [each.name for each in config.coordinates] == ["form", "exemplars"]
    assert sizes(config) == (50, 50, 5)


def test_presets_of_other_methods_search_sentences_alone() -> None:
    registry = izcore.discover()
    others = [name for name in registry.presets.summaries() if name not in (*OF_THE_DEFAULT, "structured")]
    assert {"paper", "random", "uniform-halving"} <= set(others)
    for name in others:
        assert not registry.presets.extends(name, "default"), name
        assert not any("coordinates" in part for part in registry.presets.settings(name)), name


def test_instructions_of_a_pool_meet_the_same_choices(tmp_path: Path) -> None:
    lines = [f"Write it {how}." for how in ("backwards", "in reverse", "twice", "in capitals", "slowly")]
    pool = f"pool:{write_lines(tmp_path / 'pool.txt', lines)}"
    plan = izcore.plan("mirror", scorer="obedient", generator=pool)
    result = izcore.execute(plan)
    assert result.trials == plan.estimate.trials
    met = [trial.candidate for trial in izcore.run(result.run_id).trials]
    cells = {body: Counter(each.coordinates for each in met if each.body == body) for body in lines}
    first = cells[lines[0]]
    assert len(first) >= 3
    assert set(first.values()) == {1}
    assert all(each == first for each in cells.values())


def test_a_narrow_limit_compares_instructions_of_a_pool_as_they_stand(tmp_path: Path) -> None:
    pool = f"pool:{write_lines(tmp_path / 'pool.txt', ['Write it backwards.', 'Write it twice.'])}"
    result = izcore.optimize("mirror", scorer="obedient", generator=pool, max_calls=60)
    assert result.calls <= 60
    assert result.best is not None


def test_prompts_without_exemplars_are_estimated_as_such() -> None:
    def expected(**settings: Any) -> float:
        estimate = izcore.plan("mirror", settings=settings, **TOYS).estimate
        (part,) = [each for each in estimate.parts if each.phase == "search"]
        return part.input_tokens

    alone = expected(coordinates=["none"])
    some, more = (expected(coordinates={"none": {}, "exemplars": {"sets": sets}}) for sets in (1, 8))
    assert alone < some < more
    assert (some - alone) / (1 / 2) == pytest.approx((more - alone) / (8 / 9), rel=0.05)


def test_the_plan_names_the_choices(iz: Iz) -> None:
    plan = iz("optimize", "mirror", "--generator", "phrases", "--scorer", "obedient", "--dry-run").stderr
    assert "no demand; only the answer" in plan
    assert "none; 3 examples, set 1" in plan
