"""Who works on a run holds its lock, which is the same for all who use the database."""

import threading
from pathlib import Path

import pytest

from izcore.plugin.errors import UsageError
from izcore.storage.run_locks import RunLocks


def test_a_run_that_is_held_is_refused_to_others_and_free_afterwards(tmp_path: Path) -> None:
    (tmp_path / "link.sqlite").symlink_to(tmp_path / "runs.sqlite")
    locks, same = RunLocks(tmp_path / "runs.sqlite"), RunLocks(tmp_path / "link.sqlite")
    assert not same.is_held("a")
    with locks.holding("a"):
        assert same.is_held("a")
        assert not same.is_held("b")
        with pytest.raises(UsageError, match="Run a is being worked on"), same.holding("a"):
            pass
        with same.holding("b"):
            assert locks.is_held("b")
    assert not same.is_held("a")
    with same.holding("a"):
        pass


def test_looking_at_a_run_does_not_keep_others_from_it(tmp_path: Path) -> None:
    locks = RunLocks(tmp_path / "runs.sqlite")
    with locks.holding("a"):
        pass
    ended = threading.Event()

    def look() -> None:
        while not ended.is_set():
            locks.is_held("a")

    looking = threading.Thread(target=look)
    looking.start()
    try:
        for _ in range(20):
            with locks.holding("a"):
                pass
    finally:
        ended.set()
        looking.join()
