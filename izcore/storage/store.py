"""One SQLite file that holds runs, proposals, trials and completions, and outlives a killed process.

A trial is on disk before the next begins; a completion is on disk before it is used. Several processes
may use one file: transactions are short, and a run belongs to the process that holds its lock.
"""

import contextlib
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from izcore.config.schema import RunConfig
from izcore.plugin.errors import StoreError, UnknownNameError, UsageError, nearest_names
from izcore.plugin.results import Change, RunResult, RunStatus
from izcore.plugin.run_record import InstructionScores
from izcore.plugin.trials import Candidate, Trial
from izcore.storage.claim_table import ClaimTable
from izcore.storage.comparison_table import ComparisonTable
from izcore.storage.completion_tables import CompletionTables
from izcore.storage.records import (
    DamagedRun,
    Dependency,
    Progress,
    Proposal,
    RunPlan,
    RunRecord,
    RunSummary,
    held_out_id,
)
from izcore.storage.run_copies import RunCopies
from izcore.storage.run_locks import RunLocks
from izcore.storage.run_rows import (
    SELECT_RECORD,
    SELECT_SUMMARY,
    SELECT_TEST_SCORES,
    read_record,
    read_summary,
    read_test_scores,
    text_of,
)

AnyRun = TypeVar("AnyRun", RunRecord | DamagedRun, RunSummary | DamagedRun)


class Store(RunCopies, CompletionTables, ClaimTable, ComparisonTable):
    """Access to one database file: its runs, and through its bases its completions and who asks for them.

    Not to be shared between threads.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        super().__init__(path, read_only=read_only)
        self._locks = RunLocks(path)

    def create_run(
        self,
        run_id: str,
        config: RunConfig,
        plan: RunPlan,
        *,
        created: float,
        dependencies: Sequence[Dependency] = (),
        folder: str = "",
    ) -> RunRecord:
        """Write a new run. Nobody works on it yet, so it has the status of one that was interrupted."""
        with self._writing() as db:
            db.execute(
                "INSERT INTO runs (id, created, task, status, config, plan, dependencies, folder)"
                " VALUES (?, ?, ?, 'interrupted', ?, ?, ?, ?)",
                (
                    *(run_id, created, plan.task_name, _json(config), _json(plan)),
                    *(_json(dependencies), folder),
                ),
            )
        return self.run(run_id)

    def find_id(self, name: str) -> str:
        """Return the id that is ``name``, that it is the unique beginning of, or the newest for ``last``."""
        ids = [text_of(row[0]) for row in self._all("SELECT CAST(id AS BLOB) FROM runs ORDER BY created, id")]
        matches = [known for known in ids if known.startswith(name)]
        if name == "last" and ids:
            matches = ids[-1:]
        if name in ids:
            matches = [name]
        if not matches:
            hint = nearest_names(name, ids) if ids else f"{self.path} holds no run yet."
            raise UnknownNameError(f"There is no run {name!r} in {self.path}.", hint=hint)
        if len(matches) > 1:
            raise UsageError(f"{name!r} is the beginning of {len(matches)} runs: {', '.join(matches)}.")
        return matches[0]

    def run(self, name: str) -> RunRecord:
        """Return the run of that name, see :meth:`find_id`; raises StoreError for one that is damaged."""
        run_id = self.find_id(name)
        (row,) = self._all(f"{SELECT_RECORD} FROM runs WHERE id = ?", run_id)
        return _whole(self._as_it_is(read_record(row)))

    def runs(self) -> list[RunRecord | DamagedRun]:
        """Return all runs with their plans, newest first."""
        return [self._as_it_is(read_record(row)) for row in self._all(f"{SELECT_RECORD} {_NEWEST_FIRST}")]

    def summaries(self) -> list[RunSummary | DamagedRun]:
        """Return all runs, newest first, and read no more of them than a list shows."""
        return [self._as_it_is(read_summary(row)) for row in self._all(f"{SELECT_SUMMARY} {_NEWEST_FIRST}")]

    def _as_it_is(self, run: AnyRun) -> AnyRun:
        """Return a run whose process died without a word, such as by ``kill -9``, as interrupted."""
        if isinstance(run, RunSummary) and run.status == "running" and not self._locks.is_held(run.id):
            return msgspec.structs.replace(run, status="interrupted")
        return run

    def find_run(self, config: RunConfig, plan: RunPlan) -> RunRecord | None:
        """Return the run that was begun with exactly this configuration and plan, the oldest of several.

        What an older version did not write yet counts as its default.
        """
        wanted = _json(config), _json(plan)
        runs = self._all(f"{SELECT_SUMMARY} FROM runs WHERE task = ? ORDER BY created, id", plan.task_name)
        for summary in map(read_summary, runs):
            if isinstance(summary, DamagedRun) or _json(summary.config) != wanted[0]:
                continue
            record = self.run(summary.id)
            if _json(record.plan) == wanted[1]:
                return record
        return None

    def progress(self, run_id: str) -> Progress:
        """Return how far a run is."""
        ((trials, calls),) = self._all(
            "SELECT (SELECT count(*) FROM trials WHERE run_id = ?1),"
            " (SELECT count(*) FROM answers WHERE run_id = ?1)",
            run_id,
        )
        return Progress(trials=trials, calls=calls)

    def delete_run(self, run_id: str) -> None:
        """Delete a run with its trials; completions stay, since they were paid for.

        Raises UsageError where a process works on it.
        """
        with self.owning(run_id):
            self.discard_run(run_id)

    def discard_run(self, run_id: str) -> None:
        """Delete a run that this process holds."""
        with self._writing() as db:
            db.execute("DELETE FROM runs WHERE id = ?", (run_id,))
            db.execute("DELETE FROM answers WHERE run_id IN (?, ?)", (run_id, held_out_id(run_id)))
            db.execute("DELETE FROM sent WHERE run_id = ?", (run_id,))

    @contextlib.contextmanager
    def kept_if_refused(self, run_id: str) -> Iterator[None]:
        """Let a run be again as it was where the block ends in a UsageError; answers and trials stay."""
        columns = [row[1] for row in self._all("PRAGMA table_info(runs)")]
        (before,) = self._all(f"SELECT {', '.join(columns)} FROM runs WHERE id = ?", run_id)
        try:
            yield
        except UsageError:
            assignments = ", ".join(f"{column} = ?" for column in columns)
            with self._writing() as db:
                db.execute(f"UPDATE runs SET {assignments} WHERE id = ?", (*before, run_id))
            raise

    def change_dependencies(
        self, record: RunRecord, now: Sequence[Dependency], changes: Sequence[Change]
    ) -> RunRecord:
        """Write what a run depends on now, and in what that is different from before."""
        with self._writing() as db:
            db.execute(
                "UPDATE runs SET dependencies = ?, changes = ? WHERE id = ?",
                (_json(now), _json([*record.changes, *changes]), record.id),
            )
        return self.run(record.id)

    def set_status(self, run_id: str, status: RunStatus, *, seconds: float) -> None:
        """Write a run's status and add to the seconds that it has taken. A finished run stays finished."""
        with self._writing() as db:
            db.execute(
                "UPDATE runs SET status = ?1, seconds = seconds + ?2, failures = failures + (?1 = 'failed')"
                " WHERE id = ?3 AND status != 'done'",
                (status, seconds, run_id),
            )

    def finish(self, run_id: str, result: RunResult, *, seconds: float) -> None:
        """Write a run's final result."""
        with self._writing() as db:
            db.execute(
                "UPDATE runs SET status = ?, result = ?, seconds = seconds + ? WHERE id = ?",
                (result.status, _json(result), seconds, run_id),
            )

    def change_stops(
        self, record: RunRecord, *, when_flat: bool | None = None, **limits: float | None
    ) -> RunRecord:
        """Change what stops a run: those of ``max_calls``, ``max_tokens`` and ``max_cost`` that are not None.

        ``when_flat`` replaces its ``search.stop_when_flat``, unless it is None.
        """
        before, search = record.config, record.config.search
        if when_flat is not None:
            search = msgspec.structs.replace(search, stop_when_flat=when_flat)
        config = msgspec.structs.replace(before, budget=before.budget.changed(**limits), search=search)
        if config == before:
            return record
        with self._writing() as db:
            db.execute("UPDATE runs SET config = ? WHERE id = ?", (_json(config), record.id))
        return self.run(record.id)

    def set_generator_state(self, run_id: str, state: Mapping[str, Any]) -> None:
        """Keep what the generator worked out while it prepared."""
        with self._writing() as db:
            db.execute("UPDATE runs SET generator_state = ? WHERE id = ?", (_json(state), run_id))

    def owning(self, run_id: str) -> contextlib.AbstractContextManager[None]:
        """Hold a run for this process; raises UsageError where another process works on it."""
        return self._locks.holding(run_id)

    # --- proposals and trials --------------------------------------------------------------------

    def proposal(self, run_id: str, round_: int) -> Proposal | None:
        """Return the candidates proposed for a round, if that got so far."""
        rows = self._all(
            "SELECT CAST(candidates AS BLOB), exhausted, asked, CAST(ended AS BLOB)"
            " FROM proposals WHERE run_id = ? AND round = ?",
            run_id,
            round_,
        )
        if not rows:
            return None
        with _blaming(run_id, f"the proposal of round {round_}"):
            candidates = msgspec.json.decode(rows[0][0], type=tuple[Candidate, ...])
        _, exhausted, asked, ended = rows[0]
        return Proposal(candidates=candidates, exhausted=bool(exhausted), asked=asked, ended=text_of(ended))

    def add_proposal(self, run_id: str, round_: int, proposal: Proposal) -> None:
        """Fix the candidates of a round."""
        with self._writing() as db:
            db.execute(
                "INSERT INTO proposals (run_id, round, candidates, exhausted, asked)"
                " SELECT ?1, ?2, ?3, ?4, count(*) FROM answers WHERE run_id = ?1",
                (run_id, round_, _json(proposal.candidates), proposal.exhausted),
            )

    def end_after(self, run_id: str, round_: int, reason: str) -> None:
        """Keep why a rule ended the search after a round, so that it ends there again."""
        with self._writing() as db:
            db.execute(
                "UPDATE proposals SET ended = ? WHERE run_id = ? AND round = ?", (reason, run_id, round_)
            )

    def add_trials(self, run_id: str, trials: Iterable[Trial], *, changed: Iterable[Trial] = ()) -> None:
        """Append trials, and write earlier ones anew that changed with them: all of it or nothing."""
        with self._writing() as db:
            db.executemany(
                "UPDATE trials SET trial = ? WHERE run_id = ? AND trial_index = ?",
                [(_json(t), run_id, t.index) for t in changed],
            )
            db.executemany(
                "INSERT INTO trials VALUES (?, ?, ?)", [(run_id, t.index, _json(t)) for t in trials]
            )

    def replace_trials(self, run_id: str, trials: Iterable[Trial]) -> None:
        """Write trials anew whose failed calls were made up for."""
        self.add_trials(run_id, (), changed=trials)

    def trials(self, run_id: str) -> list[Trial]:
        """Return a run's trials in order."""
        rows = self._all(
            "SELECT CAST(trial AS BLOB) FROM trials WHERE run_id = ? ORDER BY trial_index", run_id
        )
        with _blaming(run_id, "a trial"):
            return [msgspec.json.decode(row[0], type=Trial) for row in rows]

    # --- the sealed test -------------------------------------------------------------------------

    def add_test_scores(self, run_id: str, tested: Iterable[InstructionScores]) -> None:
        """Keep the scores of instructions on a run's test split, and the answers that got them."""
        with self._writing() as db:
            db.executemany(
                "INSERT OR REPLACE INTO test_scores"
                " (run_id, instruction, scores, answers, finishes, reasonings) VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (
                        *(run_id, each.guidance.key, _json(each.scores)),
                        *(_json(each.answers), _json(each.finishes), _json(each.reasonings)),
                    )
                    for each in tested
                ],
            )

    def test_scores(self, run_id: str) -> dict[str, InstructionScores]:
        """Return what is known of instructions on a run's test split, without names, by key of guidance."""
        rows = self._all(f"{SELECT_TEST_SCORES} FROM test_scores WHERE run_id = ?", run_id)
        with _blaming(run_id, "its test scores"):
            return {tested.guidance.key: tested for tested in map(read_test_scores, rows)}


_NEWEST_FIRST = "FROM runs ORDER BY created DESC, id DESC"


def _whole(run: RunRecord | DamagedRun) -> RunRecord:
    if isinstance(run, DamagedRun):
        raise _damage(run.id, run.reason)
    return run


@contextlib.contextmanager
def _blaming(run_id: str, what: str) -> Iterator[None]:
    """Tell which run it is of whose record something cannot be read."""
    try:
        yield
    except (ValueError, RecursionError) as error:  # msgspec's own errors are ValueErrors
        raise _damage(run_id, f"{what}: {error}") from None


def _damage(run_id: str, reason: str) -> StoreError:
    return StoreError(
        f"Run {run_id} is damaged: {reason}.",
        hint=f"Other runs and all answers are as they were. Delete it with: iz runs delete {run_id}",
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def new_run_id(task: str, *, now: float, token: str) -> str:
    """Return an id that sorts by time and names its task: ``20261122-0931-plurals-k3f9``."""
    name = "".join(c if c.isalnum() else "-" for c in Path(task).stem.lower()).strip("-")[:24] or "task"
    return f"{time.strftime('%Y%m%d-%H%M%S', time.localtime(now))}-{name}-{token}"
