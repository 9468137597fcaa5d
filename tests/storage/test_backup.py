"""A database in use is copied whole, and nothing is overwritten unasked."""

import os
import stat
import threading
from pathlib import Path

import pytest

import izcore
from izcore.plugin.calls import Completion, Usage
from izcore.plugin.errors import StoreError, UsageError
from izcore.storage.backup import back_up
from izcore.storage.store import Store


def fill(database: Path, name: str, count: int) -> None:
    with Store(database) as store:
        for number in range(count):
            answer = {f"{name} {number}": Completion(text="x" * 500, usage=Usage())}
            store.add_paid("r", answer, [0.0], created=0.0)


def test_a_copy_of_a_database_in_use_is_whole(tmp_path: Path) -> None:
    database, copy = tmp_path / "runs.sqlite", tmp_path / "copy.sqlite"
    fill(database, "first", 50)
    writing = threading.Thread(target=fill, args=(database, "later", 300))
    writing.start()
    while writing.is_alive():
        back_up(database, copy, overwrite=True)
        with Store(copy) as store:
            assert store.cache_info().completions == store.spent("r")[0].calls >= 50
        assert sorted(file.name for file in tmp_path.glob("copy*")) == ["copy.sqlite"]
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    writing.join()


def test_what_is_in_the_way_stays(tmp_path: Path) -> None:
    database, file = tmp_path / "runs.sqlite", tmp_path / "notes.txt"
    fill(database, "first", 3)
    file.write_text("mine")
    with pytest.raises(UsageError, match="is there already"):
        izcore.back_up(file, db=database)
    assert file.read_text() == "mine"
    os.link(database, tmp_path / "link")
    with pytest.raises(UsageError, match="is the database itself"):
        back_up(database, tmp_path / "link", overwrite=True)
    with pytest.raises(UsageError, match="is a folder"):
        back_up(database, tmp_path)
    with pytest.raises(UsageError, match="no such database"):
        back_up(tmp_path / "absent.sqlite", tmp_path / "copy")
    with pytest.raises(StoreError, match="cannot be written"):
        back_up(database, tmp_path / "absent" / "copy")
    with Store(tmp_path / "used.sqlite") as used:
        used.cache_info()
        with pytest.raises(UsageError, match="in use"):
            back_up(database, tmp_path / "used.sqlite", overwrite=True)
    assert not list(tmp_path.glob("*.part"))


def test_a_damaged_database_gives_no_copy(tmp_path: Path) -> None:
    database, copy = tmp_path / "runs.sqlite", tmp_path / "copy.sqlite"
    fill(database, "first", 200)
    content = bytearray(database.read_bytes())
    content[30_000:34_000] = bytes(4_000)
    database.write_bytes(content)
    copy.write_text("an older copy")
    with pytest.raises(StoreError, match=r"damaged|malformed"):
        back_up(database, copy, overwrite=True)
    assert copy.read_text() == "an older copy"
