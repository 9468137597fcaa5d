"""The SQLite file itself: its tables, how older ones are brought up to date, and what its errors mean."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random

from izcore.plugin.errors import StoreError
from izcore.plugin.private_files import make_private_file, make_private_folder

APPLICATION_ID = 0x697A_636F  # "izco": marks the file as ours
_VERSION_1 = """
CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    created REAL NOT NULL,
    task TEXT NOT NULL,
    status TEXT NOT NULL,
    config TEXT NOT NULL,
    plan TEXT NOT NULL,
    generator_state TEXT,
    result TEXT,
    seconds REAL NOT NULL DEFAULT 0
);
CREATE TABLE proposals (
    run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
    round INTEGER NOT NULL,
    candidates TEXT NOT NULL,
    exhausted INTEGER NOT NULL,
    PRIMARY KEY (run_id, round)
);
CREATE TABLE trials (
    run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
    trial_index INTEGER NOT NULL,
    trial TEXT NOT NULL,
    PRIMARY KEY (run_id, trial_index)
);
CREATE TABLE completions (
    key TEXT PRIMARY KEY,
    text TEXT NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    finish TEXT NOT NULL,
    created REAL NOT NULL
);
CREATE TABLE answers (
    run_id TEXT NOT NULL,
    key TEXT NOT NULL,
    paid INTEGER NOT NULL,
    PRIMARY KEY (run_id, key)
) WITHOUT ROWID;
"""
_FROM_1_TO_2 = """
ALTER TABLE answers ADD COLUMN cost_usd REAL NOT NULL DEFAULT 0;
CREATE TABLE sent (
    id INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    cost_usd REAL NOT NULL
);
"""
_FROM_2_TO_3 = """
ALTER TABLE proposals ADD COLUMN asked INTEGER NOT NULL DEFAULT 0;
CREATE TABLE test_scores (
    run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
    instruction TEXT NOT NULL,
    scores TEXT NOT NULL,
    PRIMARY KEY (run_id, instruction)
);
"""


def _from_3_to_4(db: sqlite3.Connection) -> None:
    """Name the evaluation policy of every run as other backends are named, with its own options alone."""
    options_of = {"halving": ("first", "reduction"), "racing": ("first", "risk")}
    for run_id, text in db.execute("SELECT id, config FROM runs").fetchall():
        config = msgspec.json.decode(text)
        before = config.get("evaluation")
        if before is None:
            continue
        name = before.get("policy", "full")
        options = {key: before[key] for key in options_of.get(name, ()) if key in before}
        policy = {"name": name, "options": options}
        config["evaluation"] = {"policy": policy, "finalists": before.get("finalists", 4)}
        db.execute("UPDATE runs SET config = ? WHERE id = ?", (msgspec.json.encode(config).decode(), run_id))


def _from_4_to_5(db: sqlite3.Connection) -> None:
    """Keep reasoning with completions, and say in every run's configuration that it is read as is usual."""
    db.execute("ALTER TABLE completions ADD COLUMN reasoning TEXT NOT NULL DEFAULT ''")
    for run_id, text in db.execute("SELECT id, config FROM runs").fetchall():
        config = {}
        for key, value in msgspec.json.decode(text).items():
            # Equal configurations are equal texts, so it stands where a new one has it.
            if key == "cache":
                config["reasoning"] = {"read": True, "marks": []}
            config[key] = value
        db.execute("UPDATE runs SET config = ? WHERE id = ?", (msgspec.json.encode(config).decode(), run_id))


_FROM_5_TO_6 = """
CREATE TABLE new_runs (
    id TEXT PRIMARY KEY,
    created REAL NOT NULL,
    task TEXT NOT NULL,
    status TEXT NOT NULL,
    config TEXT NOT NULL,
    generator_state TEXT,
    result TEXT,
    seconds REAL NOT NULL DEFAULT 0,
    dependencies TEXT NOT NULL DEFAULT '[]',
    changes TEXT NOT NULL DEFAULT '[]',
    failures INTEGER NOT NULL DEFAULT 0,
    folder TEXT NOT NULL DEFAULT '',
    plan TEXT NOT NULL
);
INSERT INTO new_runs (id, created, task, status, config, generator_state, result, seconds, plan)
    SELECT id, created, task, status, config, generator_state, result, seconds, plan FROM runs;
DROP TABLE runs;
ALTER TABLE new_runs RENAME TO runs;
CREATE TABLE claims (
    key TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    until REAL NOT NULL
) WITHOUT ROWID;
ALTER TABLE completions ADD COLUMN usage_capped INTEGER NOT NULL DEFAULT 0;
"""
"""The plan holds all examples of a run; where it stands last, a list of runs is read without it."""

_FROM_6_TO_7 = """
ALTER TABLE test_scores ADD COLUMN answers TEXT NOT NULL DEFAULT '[]';
ALTER TABLE test_scores ADD COLUMN finishes TEXT NOT NULL DEFAULT '[]';
ALTER TABLE test_scores ADD COLUMN reasonings TEXT NOT NULL DEFAULT '[]';
"""
_FROM_7_TO_8 = "ALTER TABLE proposals ADD COLUMN ended TEXT NOT NULL DEFAULT ''"
_FROM_8_TO_9 = """
CREATE TABLE comparisons (
    id TEXT PRIMARY KEY,
    created REAL NOT NULL,
    comparison TEXT NOT NULL
);
"""

_STEPS: tuple[str | Callable[[sqlite3.Connection], None], ...] = (
    _VERSION_1,
    _FROM_1_TO_2,
    _FROM_2_TO_3,
    _from_3_to_4,
    _from_4_to_5,
    _FROM_5_TO_6,
    _FROM_6_TO_7,
    _FROM_7_TO_8,
    _FROM_8_TO_9,
)
"""A new file takes all of them, an older one those that it lacks; none of them is ever changed."""

SCHEMA_VERSION = len(_STEPS)
LOCKED_SECONDS = 60
"""So long others may keep the file locked."""


def open_database(path: Path) -> sqlite3.Connection:
    """Open the file, make it or bring it up to date. Raises StoreError where it is not ours to use."""
    try:
        make_private_folder(path.parent)
    except OSError as error:
        raise StoreError(
            f"{path.parent}: cannot be made: {error.strerror}.", hint="Choose another --db."
        ) from None
    if path.is_dir():
        raise StoreError(f"{path}: is a folder.", hint="--db names a file.")
    try:
        # SQLite gives the files beside it the same mode.
        make_private_file(path)
    except OSError as error:
        raise StoreError(
            f"{path}: cannot be opened: {error.strerror}.", hint="Choose another --db."
        ) from None
    with explaining(path):
        connection = sqlite3.connect(path, timeout=LOCKED_SECONDS, isolation_level=None)
        try:
            # SQLite waits for a lock, but for that which a change of the journal mode takes.
            for attempt in _while_locked():
                with attempt:
                    _check_or_create(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


def open_read_only(path: Path) -> sqlite3.Connection:
    """Open a file that is there and up to date, so that nothing in it can be changed; raises StoreError."""
    if not path.is_file():
        raise StoreError(
            f"{path}: there is no such database.", hint="iz optimize makes one; or name another with --db."
        )
    with explaining(path):
        connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=LOCKED_SECONDS, isolation_level=None
        )
        try:
            _, version = _check_ours(connection, path)
        except BaseException:
            connection.close()
            raise
    if version < SCHEMA_VERSION:
        connection.close()
        raise StoreError(
            f"{path}: was written by an earlier izcore, and is only read here.",
            hint="iz runs list brings it up to date.",
        )
    return connection


def _while_locked() -> Retrying:
    return Retrying(
        retry=retry_if_exception(lambda error: "locked" in str(error)),
        wait=wait_random(0.01, 0.1),
        stop=stop_after_delay(LOCKED_SECONDS),
        reraise=True,
    )


def _check_ours(db: sqlite3.Connection, path: Path) -> tuple[int, int]:
    """Return the number of tables and the schema's; raises StoreError for a file that is not ours to use."""
    # In this order: another process may make the tables in this moment, and the two numbers with them.
    (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    (application_id,) = db.execute("PRAGMA application_id").fetchone()
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if tables and application_id != APPLICATION_ID:
        raise StoreError(f"{path}: is another program's database.", hint="Choose another file with --db.")
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"{path}: was written by a newer izcore (schema {version}, this one knows {SCHEMA_VERSION}).",
            hint="pip install -U izcore, or choose another file with --db.",
        )
    return tables, version


def _check_or_create(db: sqlite3.Connection, path: Path) -> None:
    tables, version = _check_ours(db, path)
    db.execute("PRAGMA journal_mode = WAL")
    # WAL with NORMAL survives the death of the process at any moment; a power cut may lose the last
    # transactions but never corrupts the file.
    db.execute("PRAGMA synchronous = NORMAL")
    # Keys are digests, so that reads and writes fall all over the file; 64 MiB hold thousands of trials.
    db.execute("PRAGMA cache_size = -65536")
    db.execute("PRAGMA wal_autocheckpoint = 10000")
    # A table that is made anew is dropped in between, and what refers to it must stay.
    db.execute("PRAGMA foreign_keys = OFF")
    if not tables or version < SCHEMA_VERSION:
        db.execute("BEGIN IMMEDIATE")
        # Another process may have done some of it while this one waited for its turn.
        for number in range(_steps_taken(db), SCHEMA_VERSION):
            step = _STEPS[number]
            if isinstance(step, str):
                for statement in step.split(";"):
                    db.execute(statement)
            else:
                step(db)
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            db.execute(f"PRAGMA user_version = {number + 1}")
        db.execute("COMMIT")
    db.execute("PRAGMA foreign_keys = ON")


def _steps_taken(db: sqlite3.Connection) -> int:
    (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    (version,) = db.execute("PRAGMA user_version").fetchone()
    return version if tables else 0


@contextlib.contextmanager
def explaining(path: Path) -> Iterator[None]:
    """Turn the database's own errors into a StoreError that says what to do."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        text = str(error)
        if "full" in text:
            hint = "Free some space, then go on with iz resume; all finished trials are kept."
        elif "not a database" in text or "malformed" in text:
            hint = "It is not a database of izcore, or it is damaged. Choose another file with --db."
        elif "locked" in text:
            hint = "Another process has kept it locked for a minute. Try again."
        elif "readonly" in text or "unable to open" in text:
            hint = "Check that the file and its folder may be written, or choose another with --db."
        else:
            hint = "Choose another file with --db."
        raise StoreError(f"{path}: {text}.", hint=hint) from error
