"""Whole databases, and runs on their way from one to another: functions that :mod:`izcore` offers."""

from pathlib import Path

from izcore.config.paths import Paths
from izcore.engine.entry import public
from izcore.plugin.paths import user_path
from izcore.storage import backup, bundles
from izcore.storage.records import RunRecord
from izcore.storage.store import Store


@public
def back_up(file: str | Path, *, db: str | Path | None = None, overwrite: bool = False) -> None:
    """Copy a database, which may be in use, to a file; runs in it can be read and gone on with.

    Raises UsageError where the file is there already, unless with ``overwrite``, and StoreError where the
    copy fails.
    """
    backup.back_up(database_path(db), user_path(file), overwrite=overwrite)


@public
def export_bundle(
    run_id: str, file: str | Path, *, db: str | Path | None = None, overwrite: bool = False
) -> None:
    """Write a run with its trials, scores and answers to one file, which :func:`import_bundle` reads.

    ``run_id`` may be a unique beginning of the id, or ``last``. Raises UsageError where a process works on
    the run, or where the file is there already, unless with ``overwrite``.
    """
    with open_store(db) as store:
        bundles.write_bundle(store, store.find_id(run_id), user_path(file), overwrite=overwrite)


@public
def import_bundle(file: str | Path, *, db: str | Path | None = None) -> RunRecord:
    """Add the run of a file that :func:`export_bundle` wrote to a database, and return it.

    Raises StoreError for a file that is no bundle or is damaged, and UsageError where the database has that
    run, or other answers to what it asked; the database then stays as it was.
    """
    with open_store(db) as store:
        return store.run(bundles.read_bundle(store, user_path(file)))


def database_path(db: str | Path | None = None) -> Path:
    """Return the path of the database: this one, that of ``IZ_DB``, or the user's own."""
    return Paths.of_this_user().database(db)


def open_store(db: str | Path | None = None) -> Store:
    """Open a database: this one, that of ``IZ_DB``, or the user's own."""
    return Store(database_path(db))
