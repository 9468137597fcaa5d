"""A run with all its answers in one file, to move it from one database to another.

A bundle is a ZIP archive of a small database, which holds that run alone, and of a description with a
digest. So a bundle of an older version is brought up to date as its database is, and damage is noticed.
"""

import contextlib
import hashlib
import shutil
import sqlite3
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import msgspec

from izcore.plugin.errors import StoreError, UsageError
from izcore.plugin.record import Record
from izcore.storage.backup import check_whole, replacing
from izcore.storage.connection import Connection
from izcore.storage.schema import SCHEMA_VERSION
from izcore.storage.store import Store

FORMAT = 1
DATABASE, DESCRIPTION = "run.sqlite", "bundle.json"


class Description(Record):
    """What a bundle says of itself: its format, who wrote it, its run, and the digest of its database."""

    format: int
    izcore: str
    schema: int
    run: str
    sha256: str


def write_bundle(store: Store, run_id: str, file: Path, *, overwrite: bool = False) -> None:
    """Write a run with its trials, scores, answers and their completions to a file.

    Raises UsageError where a process works on the run, or a file is in the way.
    """
    with (
        store.owning(run_id),
        replacing(file, overwrite=overwrite) as made,
        tempfile.TemporaryDirectory() as folder,
    ):
        alone, packed = Path(folder) / "alone.sqlite", Path(folder) / DATABASE
        Connection(alone).close()
        store.copy_run_to(alone, run_id)
        with Connection(alone) as connection:
            connection.copy_to(packed)
        described = Description(
            format=FORMAT,
            izcore=version("izcore"),
            schema=SCHEMA_VERSION,
            run=run_id,
            sha256=_digest(packed),
        )
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(DESCRIPTION, msgspec.json.encode(described))
            archive.write(packed, DATABASE)


def read_bundle(store: Store, file: Path) -> str:
    """Add the run of a bundle to a database, and return its name.

    Raises StoreError for a file that is no bundle, is damaged or newer than this version, and UsageError
    where the database has that run, or other answers to what it asked; it then stays as it was.
    """
    with tempfile.TemporaryDirectory() as folder:
        unpacked = Path(folder) / DATABASE
        run_id = _unpack(file, unpacked)
        with explained(file), Store(unpacked) as bundled:
            if [run.id for run in bundled.runs()] != [run_id]:
                raise StoreError(f"It does not hold just the run {run_id}.")
            bundled.run(run_id)
            bundled.trials(run_id)
            bundled.test_scores(run_id)
        _check_clashes(store, run_id, unpacked)
        store.copy_run_from(unpacked, run_id)
    return run_id


@contextlib.contextmanager
def explained(file: Path) -> Iterator[None]:
    """Say of what a bundle cannot be read that it is the bundle's fault."""
    try:
        yield
    except StoreError as error:
        raise StoreError(
            f"{file}: the bundle is damaged. {error.message}", hint="Export the run once more."
        ) from None


def _unpack(file: Path, target: Path) -> str:
    try:
        with zipfile.ZipFile(file) as archive:
            described = msgspec.json.decode(archive.read(DESCRIPTION), type=Description)
            if described.format <= FORMAT:
                with archive.open(DATABASE) as packed, target.open("wb") as unpacked:
                    shutil.copyfileobj(packed, unpacked)
    except FileNotFoundError:
        raise UsageError(f"{file}: no such file.", hint="Name what iz runs export --bundle wrote.") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, RuntimeError) as error:
        raise StoreError(
            f"{file}: is no bundle of a run, or is damaged: {error}.",
            hint="Name what iz runs export --bundle wrote, or export the run once more.",
        ) from None
    except OSError as error:
        raise StoreError(f"{file}: cannot be read: {error.strerror}.") from None
    if described.format > FORMAT:
        raise StoreError(
            f"{file}: was written by a newer izcore ({described.izcore}).", hint="pip install -U izcore"
        )
    with explained(file):
        if _digest(target) != described.sha256:
            raise StoreError("Its digest is another one.")
        check_whole(target, file)
        with contextlib.closing(sqlite3.connect(target)) as opened:
            # Nothing but tables is ever in it; whatever acts by itself does not come from izcore.
            if opened.execute("SELECT 1 FROM sqlite_master WHERE type IN ('trigger', 'view')").fetchall():
                raise StoreError("It holds more than tables.")
    return described.run


def _check_clashes(store: Store, run_id: str, unpacked: Path) -> None:
    if store.holds(run_id):
        raise UsageError(
            f"{store.path} has the run {run_id} already.",
            hint=f"Delete that one first (iz runs delete {run_id}), or choose another database with --db.",
        )
    if differing := store.differing_completions(unpacked):
        raise UsageError(
            f"{store.path} has other answers to {differing} of the prompts that run {run_id} asked.",
            hint="Choose another database with --db.",
        )


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
