"""A run moves from one database to another in one file, and goes on there for nothing."""

import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

import izcore
from izcore.plugin.errors import IzError, StoreError, UsageError
from izcore.storage.bundles import DATABASE, DESCRIPTION
from izcore.storage.store import Store


@pytest.fixture
def bundle(two_runs: Path, tmp_path: Path) -> Path:
    file = tmp_path / "run.bundle"
    izcore.export_bundle("last", file, db=two_runs)
    return file


def test_a_run_moves_with_all_that_belongs_to_it(two_runs: Path, bundle: Path, tmp_path: Path) -> None:
    there = tmp_path / "there.sqlite"
    record = izcore.import_bundle(bundle, db=there)
    assert [run.id for run in izcore.runs(db=there)] == [record.id]
    assert izcore.run(record.id, db=there) == izcore.run(record.id, db=two_runs)
    with Store(two_runs) as before, Store(there) as after:
        assert after.run(record.id) == before.run(record.id)
        assert after.spent(record.id) == before.spent(record.id)
        assert list(after.completions_of(record.id)) == list(before.completions_of(record.id))


def test_an_interrupted_run_goes_on_where_it_was_moved_to_and_pays_nothing_again(
    two_runs: Path, bundle: Path, tmp_path: Path
) -> None:
    there = tmp_path / "there.sqlite"
    record = izcore.import_bundle(bundle, db=there)
    with sqlite3.connect(there) as db:
        db.execute("UPDATE runs SET status = 'running', result = NULL")
    db.close()
    result, before = izcore.resume(record.id, db=there), izcore.run(record.id, db=two_runs).result
    assert before is not None
    assert (result.best, result.calls, result.cost_usd) == (before.best, before.calls, before.cost_usd)


def test_a_run_that_is_there_and_other_answers_are_not_overwritten(bundle: Path, tmp_path: Path) -> None:
    there = tmp_path / "there.sqlite"
    record = izcore.import_bundle(bundle, db=there)
    with pytest.raises(UsageError, match=f"has the run {record.id} already"):
        izcore.import_bundle(bundle, db=there)
    with Store(there) as store:
        store.delete_run(record.id)
    izcore.import_bundle(bundle, db=there)
    with Store(there) as store:
        store.delete_run(record.id)
    with sqlite3.connect(there) as db:
        db.execute("UPDATE completions SET text = 'another'")
        before = list(db.iterdump())
    db.close()
    with pytest.raises(UsageError, match="other answers to"):
        izcore.import_bundle(bundle, db=there)
    with sqlite3.connect(there) as db:
        assert list(db.iterdump()) == before
    db.close()


def test_a_file_is_not_overwritten_unasked_and_a_run_at_work_stays_where_it_is(
    two_runs: Path, bundle: Path, tmp_path: Path
) -> None:
    before = bundle.read_bytes()
    with pytest.raises(UsageError, match="is there already"):
        izcore.export_bundle("last", bundle, db=two_runs)
    assert bundle.read_bytes() == before
    izcore.export_bundle("last", bundle, db=two_runs, overwrite=True)
    with Store(two_runs) as store:
        name = store.find_id("last")
        with store.owning(name), pytest.raises(UsageError, match="being worked on"):
            izcore.export_bundle(name, tmp_path / "other", db=two_runs)


def rewritten(bundle: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    with zipfile.ZipFile(bundle) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    with zipfile.ZipFile(bundle, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def cut(bundle: Path) -> None:
    bundle.write_bytes(bundle.read_bytes()[:-200])


def garble(bundle: Path) -> None:
    content = bytearray(bundle.read_bytes())
    content[len(content) // 2] ^= 0xFF
    bundle.write_bytes(content)


def replace_with_text(bundle: Path) -> None:
    bundle.write_text("a run")


def forget_the_run(bundle: Path) -> None:
    rewritten(bundle, lambda parts: parts.pop(DATABASE))


def change_a_byte(bundle: Path) -> None:
    rewritten(bundle, lambda parts: parts.update({DATABASE: parts[DATABASE][:-1] + b"!"}))


def come_from_the_future(bundle: Path) -> None:
    def change(parts: dict[str, bytes]) -> None:
        said = msgspec.json.decode(parts[DESCRIPTION])
        parts[DESCRIPTION] = msgspec.json.encode({**said, "format": 99, "izcore": "99.0"})

    rewritten(bundle, change)


@pytest.mark.parametrize(
    "damage", [cut, garble, replace_with_text, forget_the_run, change_a_byte, come_from_the_future]
)
def test_a_damaged_bundle_is_refused(bundle: Path, tmp_path: Path, damage: Callable[[Path], None]) -> None:
    damage(bundle)
    with pytest.raises(StoreError, match=r"is no bundle|is damaged|newer izcore") as caught:
        izcore.import_bundle(bundle, db=tmp_path / "there.sqlite")
    assert caught.value.hint
    assert izcore.runs(db=tmp_path / "there.sqlite") == []


def test_a_bundle_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(IzError, match="no such file"):
        izcore.import_bundle(tmp_path / "absent", db=tmp_path / "there.sqlite")
