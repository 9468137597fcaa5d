"""A database can be read without being able to change it, and comparisons are found again."""

import sqlite3
from pathlib import Path
from typing import Any

import msgspec
import pytest

import izcore
from izcore import ComparisonRecord, StoreError, UnknownNameError

SMALL: dict[str, Any] = {
    "generator": "phrases",
    "scorer": "obedient",
    "surrogate": "sobol",
    "preset": "quick",
    "settings": {"search": {"initial": 4, "rounds": 0}, "splits": {"validation": 4, "test": 5}},
}
COMPARISON = ComparisonRecord(
    id="compare-mirror-1a2b", created=5.0, task="mirror", max_calls=100, seeds=2, runs={"quick": ("a", "b")}
)


def test_what_is_read_is_what_is_there() -> None:
    run = izcore.run(izcore.optimize("mirror", **SMALL).run_id)
    with izcore.Reader() as reader:
        assert reader.run("last") == run
        (summary,) = reader.summaries()
        assert (summary.id, reader.progress(run.id).trials) == (run.id, len(run.trials))
        assert reader.comparisons() == []


def test_nothing_can_be_changed() -> None:
    izcore.keep_comparison(COMPARISON)
    with izcore.Reader() as reader, pytest.raises(StoreError, match="readonly"):
        reader._store.keep_comparison(COMPARISON)


def test_there_must_be_a_database_that_is_up_to_date(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no such database"):
        izcore.Reader(tmp_path / "none.sqlite")
    assert not (tmp_path / "none.sqlite").exists()
    izcore.keep_comparison(COMPARISON, db=tmp_path / "old.sqlite")
    with sqlite3.connect(tmp_path / "old.sqlite") as connection:
        connection.execute("PRAGMA user_version = 6")
    with pytest.raises(StoreError, match="earlier izcore") as caught:
        izcore.Reader(tmp_path / "old.sqlite")
    assert "iz runs list" in caught.value.hint


def test_a_comparison_is_kept_once_and_found_by_its_beginning() -> None:
    done = msgspec.structs.replace(COMPARISON, created=9.0, result={"methods": []})
    other = msgspec.structs.replace(COMPARISON, id="compare-mirror-9f", created=7.0)
    for each in (COMPARISON, other, done):
        izcore.keep_comparison(each)
    with izcore.Reader() as reader:
        assert [each.id for each in reader.comparisons()] == [other.id, done.id]
        assert reader.comparison("compare-mirror-1").result == {"methods": []}
        with pytest.raises(UnknownNameError, match="no comparison 'compare-x'"):
            reader.comparison("compare-x")
        with pytest.raises(izcore.UsageError, match="beginning of 2"):
            reader.comparison("compare")
