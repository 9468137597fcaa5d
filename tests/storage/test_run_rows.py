"""A run that cannot be read is listed as damaged, and hides no other."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

import izcore
from izcore.plugin.errors import StoreError
from izcore.storage.store import Store


@pytest.fixture
def database(two_runs: Path, tmp_path: Path) -> Path:
    """Two finished runs, of which the tests damage the second."""
    return Path(shutil.copy(two_runs, tmp_path / "two.sqlite"))


@pytest.fixture
def damage(database: Path) -> Callable[..., str]:
    """Change the second run by a statement of SQL; return its name."""

    def change(statement: str, *values: object) -> str:
        with Store(database) as store:
            name = store.find_id("last")
        with sqlite3.connect(database) as db:
            db.execute(statement, (*values, name))
        db.close()
        return name

    return change


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("config", '{"scorer": ', "config: "),
        ("config", '{"task": {"name": "mirror"}}', "config: Object missing required field"),
        ("config", b"\xff\xfe", "config: "),
        ("config", "[" * 100_000, "config: "),
        ("result", '{"best": 3}', "result: "),
        ("status", "resting", "status: 'resting'"),
        ("created", "yesterday", "created: 'yesterday'"),
        ("created", 1e300, "created: "),
        ("seconds", "long", "seconds: 'long'"),
        ("generator_state", "7", "generator_state: "),
        ("task", b"mirr\xff", "'utf-8' codec"),
    ],
)
def test_a_damaged_run_is_listed_and_the_other_is_whole(
    database: Path, damage: Callable[..., str], column: str, value: object, reason: str
) -> None:
    name = damage(f"UPDATE runs SET {column} = ? WHERE id = ?", value)
    with Store(database) as store:
        found = {run.id: run for run in store.summaries()}
        with pytest.raises(StoreError, match=name) as caught:
            store.run(name)
    assert reason in caught.value.message
    assert f"iz runs delete {name}" in caught.value.hint
    assert isinstance(found[name], izcore.DamagedRun)
    assert sorted(run.status for run in found.values()) == ["damaged", "done"]
    listed = {run.id: run for run in izcore.runs(db=database)}
    assert listed[name].status == "damaged"
    assert isinstance(listed.pop(name), izcore.DamagedRun)
    assert all(isinstance(run, izcore.RunRecord) for run in listed.values())


def test_rows_of_damaged_runs_fit_into_a_table_of_runs(database: Path, damage: Callable[..., str]) -> None:
    name = damage("UPDATE runs SET config = '{' WHERE id = ?")
    rows = [run.row() for run in izcore.runs(db=database)]
    assert len({tuple(row) for row in rows}) == 1
    assert {row["run"]: row["status"] for row in rows}[name] == "damaged"


def test_a_damaged_plan_trial_or_test_score_names_its_run(database: Path, damage: Callable[..., str]) -> None:
    for table, column, key, reason in (
        ("trials", "trial", "run_id", "a trial: "),
        ("test_scores", "scores", "run_id", "its test scores: "),
        ("runs", "plan", "id", "plan: "),
    ):
        name = damage(f"UPDATE {table} SET {column} = '[\"' WHERE {key} = ?")
        with pytest.raises(StoreError, match=f"{name} is damaged: {reason}"):
            izcore.run(name, db=database)


def test_a_list_of_runs_holds_what_each_was_set_to_and_found(database: Path) -> None:
    with Store(database) as store:
        for summary, record in zip(store.summaries(), store.runs(), strict=True):
            assert isinstance(summary, izcore.RunSummary)
            assert summary.row() == record.row()
            assert summary.trials == len(store.trials(summary.id)) == 6
