"""Copies a database safely while others use it."""

import contextlib
import secrets
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from izcore.plugin.errors import StoreError, UsageError
from izcore.plugin.private_files import make_private_file
from izcore.storage.connection import Connection
from izcore.storage.schema import explaining


def back_up(database: Path, target: Path, *, overwrite: bool = False) -> None:
    """Copy a database, as it is in one moment, to a file of its own for its owner alone.

    Raises UsageError where there is nothing to copy, or a file in the way, and StoreError where the copy
    fails or the database is damaged; a file in the way then stays as it was.
    """
    if not database.is_file():
        raise UsageError(f"{database}: there is no such database.", hint="Name it with --db.")
    if target.exists() and target.samefile(database):
        raise UsageError(f"{target}: is the database itself.", hint="Name another file.")
    with replacing(target, overwrite=overwrite) as copy, Connection(database) as source:
        source.copy_to(copy)
        check_whole(copy, database)


@contextlib.contextmanager
def replacing(target: Path, *, overwrite: bool) -> Iterator[Path]:
    """Give an empty private file that takes the place of ``target`` once the block has ended well."""
    if target.is_dir():
        raise UsageError(f"{target}: is a folder.", hint="Name a file.")
    if target.exists() and not overwrite:
        raise UsageError(f"{target}: is there already.", hint="Name another file, or add --force.")
    if target.with_name(f"{target.name}-wal").exists():
        raise UsageError(f"{target}: is a database that is in use.", hint="Name another file.")
    copy = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        make_private_file(copy)
        yield copy
        copy.replace(target)
    except OSError as error:
        reason = f"{target}: cannot be written: {error.strerror}."
        raise StoreError(reason, hint="Name another file.") from None
    finally:
        for left in (copy, copy.with_name(f"{copy.name}-wal"), copy.with_name(f"{copy.name}-shm")):
            left.unlink(missing_ok=True)


def check_whole(copy: Path, shown: Path) -> None:
    """Raise StoreError if a database file is damaged; ``shown`` is what it is a copy of."""
    with explaining(shown), contextlib.closing(sqlite3.connect(copy)) as opened:
        opened.execute("PRAGMA trusted_schema = OFF")
        ((verdict,), *_) = opened.execute("PRAGMA quick_check(1)").fetchall()
    if verdict != "ok":
        raise StoreError(f"{shown}: is damaged: {verdict}.", hint="Use an older copy of it, if there is one.")
