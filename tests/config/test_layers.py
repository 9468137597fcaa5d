"""Settings are checked when they are given, whichever way they come."""

import math
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import izcore
from izcore.plugin.errors import ConfigError

BACKENDS: dict[str, Any] = {"generator": "phrases", "scorer": "obedient", "surrogate": "sobol"}


def in_a_file(folder: Path, key: str, number: str) -> dict[str, Any]:
    table, _, name = key.rpartition(".")
    (folder / "run.toml").write_text(f"[{table}]\n{name} = {number}\n")
    return {"config": folder / "run.toml"}


def as_an_assignment(folder: Path, key: str, number: str) -> dict[str, Any]:
    return {"settings": izcore.parse_assignments([f"{key}={number}"])}


def as_an_object(folder: Path, key: str, number: str) -> dict[str, Any]:
    settings: Any = float(number)
    for part in reversed(key.split(".")):
        settings = {part: settings}
    return {"settings": settings}


@pytest.mark.parametrize("number", ["inf", "-inf", "nan"])
@pytest.mark.parametrize("way", [in_a_file, as_an_assignment, as_an_object])
@pytest.mark.parametrize(
    "key", ["retries.max_total", "budget.max_cost", "objective.length_penalty", "scorer.seconds"]
)
def test_a_number_without_end_is_refused_by_its_key(
    tmp_path: Path, way: Callable[..., dict[str, Any]], key: str, number: str
) -> None:
    with pytest.raises(ConfigError, match=rf"^(.*run\.toml: )?{key}: expected "):
        izcore.plan("mirror", **way(tmp_path, key, number), **BACKENDS)


def test_settings_may_have_dotted_keys_and_tables() -> None:
    settings = {"search.rounds": 3, "search": {"initial": 7, "rounds": 1}, "coordinates.form.reason": True}
    planned = izcore.plan("mirror", settings=settings, **BACKENDS)
    assert (planned.config.search.initial, planned.config.search.rounds) == (7, 3)
    assert [(each.name, each.options["reason"]) for each in planned.config.coordinates] == [("form", True)]
    with pytest.raises(ConfigError, match=r"^search\.ruonds: unknown key"):
        izcore.plan("mirror", settings={"search.ruonds": 3}, **BACKENDS)
    with pytest.raises(ConfigError, match=r"^searhc: unknown key"):
        izcore.plan("mirror", settings={"searhc.rounds": 3}, **BACKENDS)


@pytest.mark.parametrize(
    ("coordinates", "names"),
    [
        (["placement"], ["form", "exemplars", "placement"]),
        (["none"], []),
        (["none", "placement"], ["placement"]),
        ({"exemplars": {"sets": 1}}, ["form", "exemplars"]),
    ],
)
def test_none_does_away_with_what_the_preset_names(coordinates: object, names: list[str]) -> None:
    planned = izcore.plan("mirror", preset="default", settings={"coordinates": coordinates}, **BACKENDS)
    assert [each.name for each in planned.config.coordinates] == names


def test_a_price_without_end_is_refused() -> None:
    prices = {"prices": {"m": {"input": 1.0, "output": math.inf}}}
    with pytest.raises(ConfigError, match=r"^prices\.m\.output: expected a finite number, got inf\.$"):
        izcore.plan("mirror", settings=prices, **BACKENDS)


@pytest.mark.parametrize("limit", [math.inf, math.nan, -1.0, 0.0])
def test_a_wrong_limit_is_refused_when_a_run_goes_on_and_changes_nothing(limit: float) -> None:
    small = {"search": {"initial": 4, "batch": 2, "rounds": 1}, "splits": {"test": 5}}
    izcore.optimize("mirror", settings=small, **BACKENDS)
    with sqlite3.connect(os.environ["IZ_DB"]) as db:
        db.execute("UPDATE runs SET status = 'interrupted', result = NULL")
    db.close()
    (before,) = izcore.runs()
    with pytest.raises(ConfigError, match=r"budget\.max_cost"):
        izcore.resume("last", max_cost=limit)
    assert izcore.runs() == [before]
