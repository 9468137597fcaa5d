"""Claims end with the process that made them, however it ends."""

import subprocess
import sys
from pathlib import Path

from izcore.storage.run_locks import lock_folder
from izcore.storage.store import Store

CLAIMING = """
import sys
from pathlib import Path
from izcore.storage.store import Store
with Store(Path(sys.argv[1])) as store, store.claiming() as owner:
    store.claim(owner, sys.argv[2], now=0.0, until=1e12)
    print("claimed", flush=True)
    sys.stdin.read()
"""


def claimant(db: Path, keys: str) -> "subprocess.Popen[str]":
    """A process that has claimed keys, each a letter, until its standard input ends."""
    command = [sys.executable, "-c", CLAIMING, str(db), keys]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "claimed\n"
    return process


def left_over(db: Path) -> list[str]:
    return [path.name for path in lock_folder(db).iterdir()]


def test_claims_of_a_killed_process_are_free_at_once(tmp_path: Path) -> None:
    db = tmp_path / "runs [1].sqlite"
    with claimant(db, "ab") as process, Store(db) as store:
        assert store.claimed(["a", "b", "c"], now=1.0) == {"a", "b"}
        assert store.claim("me", ["a", "c"], now=1.0, until=2.0) == {"c"}
        process.kill()
        process.wait()
        assert store.claimed(["a", "b"], now=1.0) == set()
        assert store.claim("me", ["a", "b"], now=1.0, until=2.0) == {"a", "b"}
        assert left_over(db) == []


def test_who_begins_clears_up_after_those_who_were_killed(tmp_path: Path) -> None:
    db = tmp_path / "runs [1].sqlite"
    with claimant(db, "a") as killed, claimant(db, "b") as alive, Store(db) as store:
        killed.kill()
        killed.wait()
        with store.claiming() as owner:
            assert len(left_over(db)) == 2
            assert store.claim(owner, ["a", "b"], now=1.0, until=2.0) == {"a"}
        alive.communicate("")
        assert store.claim("me", ["a", "b"], now=1.0, until=2.0) == {"a", "b"}
        assert left_over(db) == []


def test_nobody_claims_what_is_answered(tmp_path: Path) -> None:
    with Store(tmp_path / "runs.sqlite") as store:
        keys = [str(number) for number in range(100_000)]
        assert store.claim("me", keys, now=1.0, until=2.0) == set(keys)
        assert store.extend_claims("me", until=3.0) == set(keys)
        assert store.claim("you", keys, now=2.5, until=4.0) == set()
        assert store.claim("you", keys, now=3.5, until=4.0) == set(keys)
        assert store.extend_claims("me", until=5.0) == set()
