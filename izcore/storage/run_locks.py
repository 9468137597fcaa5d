"""Locks that say which runs are at work: a file for each beside the database, for all who use that."""

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from izcore.plugin.errors import StoreError, UsageError
from izcore.plugin.private_files import make_private_folder

PATIENCE_SECONDS = 1.0
"""Who only looks whether a run is at work holds its lock for a moment, which is waited for."""


def lock_folder(database: Path) -> Path:
    """The folder of the locks of all who use a database."""
    path = database.resolve()
    return path.with_name(f"{path.name}.locks")


class RunLocks:
    """The locks of one database's runs. The system frees a lock when its process dies, however it dies."""

    def __init__(self, database: Path) -> None:
        self._folder = lock_folder(database)

    @contextlib.contextmanager
    def holding(self, run_id: str) -> Iterator[None]:
        """Hold a run for this process; raises UsageError where somebody else does."""
        try:
            make_private_folder(self._folder)
        except OSError as error:
            raise StoreError(
                f"{self._folder}: cannot be made: {error.strerror}.",
                hint="A run is locked there while it is worked on. Check that the folder may be written.",
            ) from None
        lock = FileLock(self._file(run_id))
        try:
            lock.acquire(timeout=PATIENCE_SECONDS)
        except Timeout:
            raise UsageError(
                f"Run {run_id} is being worked on by another process.", hint="Wait for it, or stop it first."
            ) from None
        try:
            yield
        finally:
            lock.release()

    def is_held(self, run_id: str) -> bool:
        """Whether some process, perhaps this one, holds a run."""
        file = self._file(run_id)
        if not file.exists():
            return False
        lock = FileLock(file)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return True
        lock.release()
        return False

    def _file(self, run_id: str) -> Path:
        name = hashlib.sha256(run_id.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        return self._folder / f"{name}.lock"
