"""Whole databases, and runs on their way from one to another: functions that :mod:`izcore` offers."""

from pathlib import Path
from typing import Self

from izcore.config.paths import Paths
from izcore.engine.entry import public
from izcore.plugin.paths import user_path
from izcore.plugin.run_record import Run
from izcore.storage import backup, bundles
from izcore.storage.records import ComparisonRecord, DamagedRun, Progress, RunRecord, RunSummary
from izcore.storage.store import Store
from izcore.storage.whole_run import read_whole_run


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


class Reader:
    """Reads a database, in which it can change nothing; a context manager for one thread.

    Raises :class:`~izcore.StoreError` where there is no database, or one that is not up to date.

    >>> with izcore.Reader() as reader:  # doctest: +SKIP
    ...     print([run.id for run in reader.summaries()])
    """

    def __init__(self, db: str | Path | None = None) -> None:
        self._store = Store(database_path(db), read_only=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._store.close()

    def summaries(self) -> list[RunSummary | DamagedRun]:
        """Return all runs, the newest first, without examples and trials: thousands take no time."""
        return self._store.summaries()

    def run(self, run_id: str) -> Run:
        """Return a run with its trials, answers and test scores; see :func:`izcore.run`."""
        return read_whole_run(self._store, run_id)

    def progress(self, run_id: str) -> Progress:
        """Return how far a run is; ``run_id`` is its whole id."""
        return self._store.progress(run_id)

    def comparisons(self) -> list[ComparisonRecord]:
        """Return all comparisons, the newest first."""
        return self._store.comparisons()

    def comparison(self, name: str) -> ComparisonRecord:
        """Return the comparison of that name, or of a unique beginning of it."""
        return self._store.comparison(name)


@public
def keep_comparison(comparison: ComparisonRecord, *, db: str | Path | None = None) -> None:
    """Write down which runs belong to a comparison and what they show, in the place of what was known."""
    with open_store(db) as store:
        store.keep_comparison(comparison)


def database_path(db: str | Path | None = None) -> Path:
    """Return the path of the database: this one, that of ``IZ_DB``, or the user's own."""
    return Paths.of_this_user().database(db)


def open_store(db: str | Path | None = None) -> Store:
    """Open a database: this one, that of ``IZ_DB``, or the user's own."""
    return Store(database_path(db))
