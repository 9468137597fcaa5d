"""The recorded worlds are sound, and a replay tells what was recorded."""

from pathlib import Path

import numpy as np
import pytest
from bench_latent_search import GRID, calls_to_reach
from curves import Curve
from replay import DEFAULT, FULL, registry_with_worlds, replay
from world import SYNTHETIC, load, recorded

SHORT = {"surrogate": {"name": "sobol"}, "search": {"initial": 12, "rounds": 0}, **FULL}


@pytest.mark.parametrize("name", recorded())
def test_a_recorded_world_is_whole_and_describes_itself(name: str) -> None:
    world = load(name)
    assert len(world.latents) == len(world.instruction) == len(world.features) >= 400
    assert world.latents.min() >= 0
    assert world.latents.max() <= 1
    assert set(world.instruction) == set(range(len(world.instructions)))
    assert len(set(world.instructions)) == len(world.instructions) == len(world.scores)
    assert world.scores.min() >= 0
    assert world.scores.max() <= 1
    assert np.isfinite(world.features).all()
    assert "record.py" in world.header["command"]
    assert {"no instruction", "unsteered"} <= set(world.header["baselines"])
    # Instructions differ by far more than 100 examples can by chance.
    assert np.ptp(world.scores.mean(1)) > 0.5


def test_there_are_enough_worlds_with_enough_examples() -> None:
    assert sum(load(name).examples >= 100 for name in recorded()) >= 5


@pytest.mark.parametrize("name", SYNTHETIC)
def test_a_made_up_world_has_a_known_optimum(name: str) -> None:
    world = load(name)
    chance = np.array(world.header["chance"])
    assert 0.85 < chance.max() <= 0.9
    # 100 examples of each: the noise is binomial.
    assert np.abs(world.scores.mean(1) - chance).max() < 0.25


def test_a_replay_is_deterministic_and_tells_what_was_recorded(tmp_path: Path) -> None:
    world, registry = load("demo"), registry_with_worlds()
    curve = replay(registry, world, SHORT, 3, tmp_path)
    assert curve == replay(registry, world, SHORT, 3, tmp_path)
    assert curve != replay(registry, world, SHORT, 4, tmp_path)
    assert len(curve.calls) == 1 + 12 + 1  # before anything is known, after each trial, and in the end
    assert curve.calls[-1] % 20 == 0
    means = set(np.round(world.scores.mean(1), 2))
    assert max(curve.quality) <= max(means) + 0.15


def test_a_comparison_counts_when_its_round_is_over(tmp_path: Path) -> None:
    method = {**DEFAULT, "search": {"initial": 10, "batch": 10, "rounds": 1}}
    curve = replay(registry_with_worlds(), load("articles"), method, 0, tmp_path)
    assert len(curve.calls) == 1 + 2 + 1
    # Of n instructions n see 1 example, half of them 2, and so on: below 4.5 calls each, some to the end.
    assert 20 < curve.calls[1] < 10 * 4.5 + 20
    # Up to four finalists saw up to 20 more examples.
    assert 0 < curve.calls[-1] - curve.calls[-2] <= 80


def test_a_curve_is_read_by_calls() -> None:
    curve = Curve(calls=(0, 20, 40, 40, 60), quality=(0.1, 0.2, 0.5, 0.4, 0.7))
    assert [curve.at(calls) for calls in (5, 20, 59, 60, 999)] == [0.1, 0.2, 0.4, 0.7, 0.7]


def test_the_calls_to_reach_a_quality_are_read_off_a_mean_curve() -> None:
    quality = np.linspace(0.0, 1.0, len(GRID))
    assert calls_to_reach(quality, 0.5) == GRID[np.argmax(quality >= 0.5)]
    assert calls_to_reach(quality, 1.5) == np.inf
