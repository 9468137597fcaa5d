"""Who asks a model for which completion at this moment, so that of several processes one pays."""

import contextlib
import secrets
import sqlite3
from collections.abc import Collection, Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from izcore.plugin.errors import IzError
from izcore.plugin.private_files import make_private_folder
from izcore.storage.connection import THOSE, Connection, as_values
from izcore.storage.run_locks import lock_folder

_LOCK = "claims-"


class ClaimTable(Connection):
    """The table of claims. A claim is on a completion's key, and lasts until a time in seconds since 1970.

    Who owns claims is a part of a process, and extends them while it lives. When it has died they end with
    their time; or sooner, when somebody who waits for them finds that the system has freed its lock.
    """

    @contextlib.contextmanager
    def claiming(self) -> Iterator[str]:
        """Yield the name of a new owner of claims, which lives as long as the block; so do its claims."""
        make_private_folder(lock_folder(self.path))
        for left in lock_folder(self.path).glob(f"{_LOCK}*"):
            self._end_if_dead(left.name.removeprefix(_LOCK))
        owner = secrets.token_hex(8)
        with FileLock(self._lock_file(owner)):
            try:
                yield owner
            finally:
                with contextlib.suppress(IzError):  # an error on its way says more; the claims end in time
                    self._end_claims(owner)
        _remove(self._lock_file(owner))

    def claim(self, owner: str, keys: Collection[str], *, now: float, until: float) -> frozenset[str]:
        """Claim those of the keys that have no completion and no other's claim; return the owner's."""
        with self._writing() as db:
            db.execute(
                "INSERT INTO claims (key, owner, until) SELECT value, ?, ? FROM json_each(?)"
                " WHERE value NOT IN (SELECT key FROM completions)"
                " ON CONFLICT (key) DO UPDATE SET owner = excluded.owner, until = excluded.until"
                " WHERE claims.until < ? OR claims.owner = excluded.owner",
                (owner, until, as_values(keys), now),
            )
            return _claims_of(db, owner) & frozenset(keys)

    def extend_claims(self, owner: str, *, until: float) -> frozenset[str]:
        """Let an owner's claims last until another time; return the keys that are still the owner's."""
        with self._writing() as db:
            db.execute("UPDATE claims SET until = ? WHERE owner = ?", (until, owner))
            return _claims_of(db, owner)

    def release_claims(self, owner: str, keys: Collection[str]) -> None:
        """Let others claim keys that are the owner's."""
        with self._writing() as db:
            db.execute(f"DELETE FROM claims WHERE owner = ? AND key IN {THOSE}", (owner, as_values(keys)))

    def claimed(self, keys: Collection[str], *, now: float) -> frozenset[str]:
        """Return those of the keys that somebody has claimed who may be alive."""
        rows = self._all(
            f"SELECT key, owner FROM claims WHERE until >= ? AND key IN {THOSE}", now, as_values(keys)
        )
        dead = {owner for owner in {owner for _, owner in rows} if self._end_if_dead(owner)}
        return frozenset(key for key, owner in rows if owner not in dead)

    def _lock_file(self, owner: str) -> Path:
        return lock_folder(self.path) / f"{_LOCK}{owner}"

    def _end_if_dead(self, owner: str) -> bool:
        """End the claims of an owner whose lock the system has freed; say whether it has."""
        file = self._lock_file(owner)
        lock = FileLock(file)
        try:
            if not file.exists():
                return False
            lock.acquire(timeout=0)
        except (Timeout, OSError):
            return False
        try:
            self._end_claims(owner)
        finally:
            lock.release()
        _remove(file)
        return True

    def _end_claims(self, owner: str) -> None:
        with self._writing() as db:
            db.execute("DELETE FROM claims WHERE owner = ?", (owner,))


def _claims_of(db: sqlite3.Connection, owner: str) -> frozenset[str]:
    return frozenset(key for (key,) in db.execute("SELECT key FROM claims WHERE owner = ?", (owner,)))


def _remove(file: Path) -> None:
    with contextlib.suppress(OSError):
        file.unlink()
