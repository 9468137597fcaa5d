"""Copies one run with all that belongs to it from one database to another."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from izcore.storage.connection import Connection
from izcore.storage.records import held_out_id
from izcore.storage.schema import explaining

_TABLES = {
    "runs": "id",
    "proposals": "run_id",
    "trials": "run_id",
    "test_scores": "run_id",
    "sent": "run_id",
    "answers": "run_id",
}
"""What belongs to a run, and the column that names it; the completions of its answers come to that."""


class RunCopies(Connection):
    """The side of a database from which and to which runs are copied. The other file has the same schema."""

    def holds(self, run_id: str) -> bool:
        """Whether the database has a run of exactly this id."""
        return bool(self._all("SELECT 1 FROM runs WHERE id = ?", run_id))

    def copy_run_to(self, other: Path, run_id: str) -> None:
        """Copy a run into another file."""
        with self._attached(other):
            self._copy("main", "other", run_id)

    def copy_run_from(self, other: Path, run_id: str) -> None:
        """Copy a run out of another file; completions that are here already stay as they are."""
        with self._attached(other):
            self._copy("other", "main", run_id)

    def differing_completions(self, other: Path) -> int:
        """Return how many prompts have one completion here and another one in the other file."""
        with self._attached(other):
            ((differing,),) = self._all(
                "SELECT count(*) FROM other.completions AS theirs JOIN main.completions AS ours USING (key)"
                " WHERE theirs.text != ours.text OR theirs.reasoning != ours.reasoning"
            )
        return int(differing)

    @contextlib.contextmanager
    def _attached(self, other: Path) -> Iterator[None]:
        with explaining(self.path):
            self._connection.execute("ATTACH DATABASE ? AS other", (str(other),))
        try:
            yield
        finally:
            self._connection.execute("DETACH DATABASE other")

    def _copy(self, source: str, target: str, run_id: str) -> None:
        ids = (run_id, held_out_id(run_id))
        with self._writing():
            for table, column in _TABLES.items():
                self._copy_rows(table, source, target, f"{column} IN (?, ?)", ids)
            answered = f"key IN (SELECT key FROM {source}.answers WHERE run_id IN (?, ?))"
            self._copy_rows("completions", source, target, answered, ids)

    def _copy_rows(self, table: str, source: str, target: str, wanted: str, ids: tuple[str, str]) -> None:
        names = (row[1] for row in self._all(f"PRAGMA {source}.table_info({table})"))
        # Notes of what was sent are numbered by each database for itself.
        columns = ", ".join(name for name in names if (table, name) != ("sent", "id"))
        self._connection.execute(
            f"INSERT OR IGNORE INTO {target}.{table} ({columns})"
            f" SELECT {columns} FROM {source}.{table} WHERE {wanted}",
            ids,
        )
