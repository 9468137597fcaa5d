"""One SQLite file that holds runs, proposals, trials and completions, and outlives a killed process.

A trial is on disk before the next begins; a completion is on disk before it is used. Several processes
may use one file: transactions are short, and a run belongs to the process that holds its lock.
"""

import contextlib
import hashlib
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from filelock import FileLock, Timeout

from izcore.budget import Amount
from izcore.config import Limits, RunConfig
from izcore.errors import StoreError, UnknownNameError, UsageError, nearest_names
from izcore.records import (
    Candidate,
    Completion,
    FinishReason,
    Record,
    RunResult,
    RunStatus,
    Splits,
    Trial,
    Usage,
)

APPLICATION_ID = 0x697A_636F  # "izco": marks the file as ours
SCHEMA_VERSION = 3
_SCHEMA = """
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
    asked INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (run_id, round)
);
CREATE TABLE test_scores (
    run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
    instruction TEXT NOT NULL,
    scores TEXT NOT NULL,
    PRIMARY KEY (run_id, instruction)
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
    cost_usd REAL NOT NULL DEFAULT 0,
    PRIMARY KEY (run_id, key)
) WITHOUT ROWID;
CREATE TABLE sent (
    id INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    cost_usd REAL NOT NULL
);
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
_MIGRATIONS = {1: _FROM_1_TO_2, 2: _FROM_2_TO_3}

T = TypeVar("T")


class RunPlan(Record):
    """What was fixed when a run began, beside its configuration.

    ``fingerprint`` is a digest of the task's data; ``versions`` names the distributions of the backends.
    ``carried`` are candidates of an earlier run that are scored first; those without a latent come from
    another generator.
    """

    task_name: str
    splits: Splits
    fingerprint: str
    notes: tuple[str, ...] = ()
    versions: Mapping[str, str] = {}
    carried: tuple[Candidate, ...] = ()


class RunRecord(Record):
    """A run as it stands in the database. ``created``: seconds since 1970; ``seconds``: its work so far."""

    id: str
    created: float
    task: str
    status: RunStatus
    config: RunConfig
    plan: RunPlan
    generator_state: Mapping[str, Any] | None
    result: RunResult | None
    seconds: float


class Proposal(Record):
    """The candidates of one round, fixed before the first of them is scored.

    ``asked`` counts the answers, paid or cached, that the run had by then, those that wrote the candidates
    among them; the store fills it in.
    """

    candidates: tuple[Candidate, ...]
    exhausted: bool
    asked: int = 0


class Answer(Record):
    """A completion on disk; ``paid`` where this run paid for it, False where an earlier run had."""

    completion: Completion
    paid: bool


class CacheInfo(Record):
    """What the cache of completions holds. Times are seconds since 1970; ``hits`` counts free answers."""

    completions: int
    characters: int
    tokens: Usage
    oldest: float | None
    newest: float | None
    hits: int


class Store:
    """Access to one database file. Not to be shared between threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection = _open(path)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- runs ------------------------------------------------------------------------------------

    def create_run(self, run_id: str, config: RunConfig, plan: RunPlan, *, created: float) -> RunRecord:
        """Write a new run."""
        with self._writing() as db:
            db.execute(
                "INSERT INTO runs (id, created, task, status, config, plan)"
                " VALUES (?, ?, ?, 'running', ?, ?)",
                (run_id, created, plan.task_name, _json(config), _json(plan)),
            )
        return self.run(run_id)

    def run(self, run_id: str) -> RunRecord:
        """Return the run of that id, of a unique beginning of it, or the newest for ``last``."""
        ids = [row[0] for row in self._all("SELECT id FROM runs ORDER BY created, id")]
        matches = [known for known in ids if known.startswith(run_id)]
        if run_id == "last" and ids:
            matches = ids[-1:]
        if run_id in ids:
            matches = [run_id]
        if not matches:
            hint = nearest_names(run_id, ids) if ids else f"{self.path} holds no run yet."
            raise UnknownNameError(f"There is no run {run_id!r} in {self.path}.", hint=hint)
        if len(matches) > 1:
            raise UsageError(f"{run_id!r} is the beginning of {len(matches)} runs: {', '.join(matches)}.")
        (row,) = self._all(_SELECT_RUN + " WHERE id = ?", matches[0])
        return _run_record(row)

    def runs(self) -> list[RunRecord]:
        """Return all runs, newest first."""
        return [_run_record(row) for row in self._all(_SELECT_RUN + " ORDER BY created DESC, id DESC")]

    def find_run(self, config: RunConfig, plan: RunPlan) -> RunRecord | None:
        """Return the run that was begun with exactly this configuration and plan, the oldest of several."""
        rows = self._all(
            _SELECT_RUN + " WHERE config = ? AND plan = ? ORDER BY created, id LIMIT 1",
            _json(config),
            _json(plan),
        )
        return _run_record(rows[0]) if rows else None

    def progress(self, run_id: str) -> tuple[int, int]:
        """Return how many trials a run has, and how many answers, paid or cached."""
        ((trials, answers),) = self._all(
            "SELECT (SELECT count(*) FROM trials WHERE run_id = ?1),"
            " (SELECT count(*) FROM answers WHERE run_id = ?1)",
            run_id,
        )
        return trials, answers

    def delete_run(self, run_id: str) -> None:
        """Delete a run with its trials; completions stay, since they were paid for."""
        with self._writing() as db:
            db.execute("DELETE FROM runs WHERE id = ?", (run_id,))
            db.execute("DELETE FROM answers WHERE run_id = ?", (run_id,))
            db.execute("DELETE FROM sent WHERE run_id = ?", (run_id,))

    def set_status(self, run_id: str, status: RunStatus, *, seconds: float) -> None:
        """Write a run's status and add to the seconds that it has taken."""
        with self._writing() as db:
            db.execute(
                "UPDATE runs SET status = ?, seconds = seconds + ? WHERE id = ?", (status, seconds, run_id)
            )

    def finish(self, run_id: str, result: RunResult, *, seconds: float) -> None:
        """Write a run's final result."""
        with self._writing() as db:
            db.execute(
                "UPDATE runs SET status = ?, result = ?, seconds = seconds + ? WHERE id = ?",
                (result.status, _json(result), seconds, run_id),
            )

    def set_budget(self, run_id: str, budget: Limits) -> RunRecord:
        """Give a run other limits; return it with them."""
        config = msgspec.structs.replace(self.run(run_id).config, budget=budget)
        with self._writing() as db:
            db.execute("UPDATE runs SET config = ? WHERE id = ?", (_json(config), run_id))
        return self.run(run_id)

    def set_generator_state(self, run_id: str, state: Mapping[str, Any]) -> None:
        """Keep what the generator worked out while it prepared."""
        with self._writing() as db:
            db.execute("UPDATE runs SET generator_state = ? WHERE id = ?", (_json(state), run_id))

    @contextlib.contextmanager
    def owning(self, run_id: str, lock_dir: Path) -> Iterator[None]:
        """Hold a run for this process; the system frees it even after ``kill -9``."""
        name = hashlib.sha256(f"{self.path.resolve()}\n{run_id}".encode()).hexdigest()[:32]
        lock_dir.mkdir(parents=True, exist_ok=True)
        lock = FileLock(lock_dir / f"{name}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise UsageError(
                f"Run {run_id} is being worked on by another process.", hint="Wait for it, or stop it first."
            ) from None
        try:
            yield
        finally:
            lock.release()

    # --- proposals and trials --------------------------------------------------------------------

    def proposal(self, run_id: str, round_: int) -> Proposal | None:
        """Return the candidates proposed for a round, if that got so far."""
        rows = self._all(
            "SELECT candidates, exhausted, asked FROM proposals WHERE run_id = ? AND round = ?",
            run_id,
            round_,
        )
        if not rows:
            return None
        candidates = msgspec.json.decode(rows[0][0], type=tuple[Candidate, ...])
        return Proposal(candidates=candidates, exhausted=bool(rows[0][1]), asked=rows[0][2])

    def add_proposal(self, run_id: str, round_: int, proposal: Proposal) -> None:
        """Fix the candidates of a round."""
        with self._writing() as db:
            db.execute(
                "INSERT INTO proposals (run_id, round, candidates, exhausted, asked)"
                " SELECT ?1, ?2, ?3, ?4, count(*) FROM answers WHERE run_id = ?1",
                (run_id, round_, _json(proposal.candidates), proposal.exhausted),
            )

    def add_trials(self, run_id: str, trials: Iterable[Trial]) -> None:
        """Append trials."""
        with self._writing() as db:
            db.executemany(
                "INSERT INTO trials VALUES (?, ?, ?)", [(run_id, t.index, _json(t)) for t in trials]
            )

    def replace_trials(self, run_id: str, trials: Iterable[Trial]) -> None:
        """Write trials anew whose failed calls were made up for."""
        with self._writing() as db:
            db.executemany(
                "UPDATE trials SET trial = ? WHERE run_id = ? AND trial_index = ?",
                [(_json(t), run_id, t.index) for t in trials],
            )

    def trials(self, run_id: str) -> list[Trial]:
        """Return a run's trials in order."""
        rows = self._all("SELECT trial FROM trials WHERE run_id = ? ORDER BY trial_index", run_id)
        return [msgspec.json.decode(row[0], type=Trial) for row in rows]

    # --- the sealed test -------------------------------------------------------------------------

    def add_test_scores(self, run_id: str, scores: Mapping[str, Sequence[float | None]]) -> None:
        """Keep per-example scores on a run's test split, by instruction (None: the call failed)."""
        with self._writing() as db:
            db.executemany(
                "INSERT OR REPLACE INTO test_scores VALUES (?, ?, ?)",
                [(run_id, instruction, _json(each)) for instruction, each in scores.items()],
            )

    def test_scores(self, run_id: str) -> dict[str, tuple[float | None, ...]]:
        """Return the per-example scores on a run's test split that are known, by instruction."""
        rows = self._all("SELECT instruction, scores FROM test_scores WHERE run_id = ?", run_id)
        return {row[0]: msgspec.json.decode(row[1], type=tuple[float | None, ...]) for row in rows}

    # --- completions -----------------------------------------------------------------------------

    def answers(self, run_id: str, keys: Sequence[str]) -> dict[str, Answer]:
        """Return the answers that this run already has, by key."""
        return {
            row[0]: Answer(completion=_completion(row[1:5]), paid=bool(row[5]))
            for row in self._all(
                "SELECT key, text, input_tokens, output_tokens, finish, paid FROM answers JOIN completions"
                f" USING (key) WHERE run_id = ? AND key IN ({_marks(keys)})",
                run_id,
                *keys,
            )
        }

    def cached(self, keys: Sequence[str]) -> dict[str, Completion]:
        """Return the completions on disk, whichever run paid for them, by key."""
        return {
            row[0]: _completion(row[1:5])
            for row in self._all(
                "SELECT key, text, input_tokens, output_tokens, finish FROM completions"
                f" WHERE key IN ({_marks(keys)})",
                *keys,
            )
        }

    def adopt(self, run_id: str, keys: Iterable[str]) -> None:
        """Book completions on disk that other runs paid for as this run's free answers."""
        if rows := [(run_id, key) for key in keys]:
            with self._writing() as db:
                db.executemany("INSERT INTO answers (run_id, key, paid) VALUES (?, ?, 0)", rows)

    def add_sent(self, run_id: str, bounds: Sequence[Amount]) -> list[int]:
        """Note calls that are about to be sent, with the most that each may cost; return their numbers.

        A note is taken back when the answer arrives, or the failure is known to be free. What is left of a
        process that died, or of a call that timed out, may have been billed: it counts as spent.
        """
        with self._writing() as db:
            return [
                db.execute(
                    "INSERT INTO sent (run_id, input_tokens, output_tokens, cost_usd) VALUES (?, ?, ?, ?)",
                    (run_id, bound.usage.input_tokens, bound.usage.output_tokens, bound.cost_usd),
                ).lastrowid
                or 0
                for bound in bounds
            ]

    def forget_sent(self, sent: Sequence[int]) -> None:
        """Take notes of sent calls back: nothing will be billed for them."""
        if sent:
            with self._writing() as db:
                _delete_sent(db, sent)

    def add_paid(
        self,
        run_id: str,
        completions: Mapping[str, Completion],
        costs: Sequence[float],
        *,
        created: float,
        sent: Sequence[int] = (),
    ) -> None:
        """Write completions that this run paid for, and their costs in US dollars, all or none.

        ``sent`` are the numbers of their notes, which are taken back.
        """
        with self._writing() as db:
            db.executemany(
                "INSERT OR REPLACE INTO completions VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (key, c.text, c.usage.input_tokens, c.usage.output_tokens, c.finish, created)
                    for key, c in completions.items()
                ],
            )
            db.executemany(
                "INSERT OR REPLACE INTO answers (run_id, key, paid, cost_usd) VALUES (?, ?, 1, ?)",
                [(run_id, key, cost) for key, cost in zip(completions, costs, strict=True)],
            )
            _delete_sent(db, sent)

    def spent(self, run_id: str) -> tuple[Amount, int]:
        """Return what a run paid for or may be billed for, and how many answers it had free."""
        ((calls, input_tokens, output_tokens, cost, cached),) = self._all(
            "SELECT coalesce(sum(paid), 0), coalesce(sum(paid * input_tokens), 0),"
            " coalesce(sum(paid * output_tokens), 0), coalesce(sum(cost_usd), 0.0),"
            " coalesce(sum(1 - paid), 0) FROM answers JOIN completions USING (key) WHERE run_id = ?",
            run_id,
        )
        usage = Usage(input_tokens=input_tokens, output_tokens=output_tokens)
        return Amount(calls=calls, usage=usage, cost_usd=cost) + self.lost(run_id), cached

    def lost(self, run_id: str) -> Amount:
        """Return the most that calls may have cost a run that were sent and never answered."""
        ((calls, input_tokens, output_tokens, cost),) = self._all(
            "SELECT count(*), coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0),"
            " coalesce(sum(cost_usd), 0.0) FROM sent WHERE run_id = ?",
            run_id,
        )
        usage = Usage(input_tokens=input_tokens, output_tokens=output_tokens)
        return Amount(calls=calls, usage=usage, cost_usd=cost)

    def finishes(self, run_id: str) -> dict[FinishReason, int]:
        """Count a run's answers, paid and free, by how they ended."""
        rows = self._all(
            "SELECT finish, count(*) FROM answers JOIN completions USING (key) WHERE run_id = ?"
            " GROUP BY finish ORDER BY finish",
            run_id,
        )
        return dict(rows)

    def cache_info(self) -> CacheInfo:
        """Say what the cache of completions holds."""
        ((completions, characters, input_tokens, output_tokens, oldest, newest),) = self._all(
            "SELECT count(*), coalesce(sum(length(text)), 0), coalesce(sum(input_tokens), 0),"
            " coalesce(sum(output_tokens), 0), min(created), max(created) FROM completions"
        )
        ((hits,),) = self._all("SELECT count(*) FROM answers WHERE paid = 0")
        return CacheInfo(
            completions=completions,
            characters=characters,
            tokens=Usage(input_tokens=input_tokens, output_tokens=output_tokens),
            oldest=oldest,
            newest=newest,
            hits=hits,
        )

    def clear_cache(self, *, before: float | None = None) -> int:
        """Delete completions, all or those made before a time in seconds since 1970; return their number.

        Those that an unfinished run would ask for again stay: it has paid for them.
        """
        with self._writing() as db:
            return db.execute(
                "DELETE FROM completions WHERE (?1 IS NULL OR created < ?1) AND key NOT IN"
                " (SELECT key FROM answers JOIN runs ON runs.id = run_id WHERE status != 'done')",
                (before,),
            ).rowcount

    # --- plumbing --------------------------------------------------------------------------------

    def _all(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        with _explaining(self.path):
            return self._connection.execute(query, parameters).fetchall()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with _explaining(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")


_SELECT_RUN = "SELECT id, created, task, status, config, plan, generator_state, result, seconds FROM runs"


def _open(path: Path) -> sqlite3.Connection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"{path.parent}: cannot be made: {error.strerror}.", hint="Choose another --db."
        ) from None
    if path.is_dir():
        raise StoreError(f"{path}: is a folder.", hint="--db names a file.")
    with _explaining(path):
        connection = sqlite3.connect(path, timeout=60, isolation_level=None)
        try:
            _check_or_create(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


def _check_or_create(db: sqlite3.Connection, path: Path) -> None:
    (application_id,) = db.execute("PRAGMA application_id").fetchone()
    (version,) = db.execute("PRAGMA user_version").fetchone()
    (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables and application_id != APPLICATION_ID:
        raise StoreError(f"{path}: is another program's database.", hint="Choose another file with --db.")
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"{path}: was written by a newer izcore (schema {version}, this one knows {SCHEMA_VERSION}).",
            hint="pip install -U izcore, or choose another file with --db.",
        )
    db.execute("PRAGMA journal_mode = WAL")
    # WAL with NORMAL survives the death of the process at any moment; a power cut may lose the last
    # transactions but never corrupts the file.
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute("PRAGMA foreign_keys = ON")
    # Keys are digests, so that reads and writes fall all over the file; 64 MiB hold thousands of trials.
    db.execute("PRAGMA cache_size = -65536")
    db.execute("PRAGMA wal_autocheckpoint = 10000")
    if not tables:
        db.execute("BEGIN IMMEDIATE")
        # Another process may have created the tables while this one waited for its turn.
        if not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            for statement in _SCHEMA.split(";"):
                db.execute(statement)
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        db.execute("COMMIT")
    elif version < SCHEMA_VERSION:
        db.execute("BEGIN IMMEDIATE")
        if db.execute("PRAGMA user_version").fetchone()[0] < SCHEMA_VERSION:
            for known in range(version, SCHEMA_VERSION):
                for statement in _MIGRATIONS[known].split(";"):
                    db.execute(statement)
            db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        db.execute("COMMIT")


@contextlib.contextmanager
def _explaining(path: Path) -> Iterator[None]:
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


def _delete_sent(db: sqlite3.Connection, sent: Sequence[int]) -> None:
    db.executemany("DELETE FROM sent WHERE id = ?", [(number,) for number in sent])


def _run_record(row: Sequence[Any]) -> RunRecord:
    identity, created, task, status, config, plan, state, result, seconds = row
    return RunRecord(
        id=identity,
        created=created,
        task=task,
        status=status,
        config=msgspec.json.decode(config, type=RunConfig),
        plan=msgspec.json.decode(plan, type=RunPlan),
        generator_state=None if state is None else msgspec.json.decode(state),
        result=None if result is None else msgspec.json.decode(result, type=RunResult),
        seconds=seconds,
    )


def _completion(row: Sequence[Any]) -> Completion:
    text, input_tokens, output_tokens, finish = row
    usage = Usage(input_tokens=input_tokens, output_tokens=output_tokens)
    return Completion(text=text, usage=usage, finish=finish)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _marks(keys: Sequence[str]) -> str:
    return ",".join("?" * len(keys))


def new_run_id(task: str, *, now: float, token: str) -> str:
    """Return an id that sorts by time and names its task: ``20261122-0931-plurals-k3f9``."""
    name = "".join(c if c.isalnum() else "-" for c in Path(task).stem.lower()).strip("-")[:24] or "task"
    return f"{time.strftime('%Y%m%d-%H%M%S', time.localtime(now))}-{name}-{token}"
