"""The connection to one database file: queries, and transactions that are kept whole or not at all."""

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Self

import msgspec

from izcore.storage.schema import explaining, open_database, open_read_only

THOSE = "(SELECT value FROM json_each(?))"
"""Values as one parameter, :func:`as_values`: SQLite limits the number of parameters, and a test split may be
larger."""


def as_values(texts: Iterable[str]) -> str:
    """Return texts as the parameter of :data:`THOSE`."""
    return msgspec.json.encode(list(texts)).decode()


class Connection:
    """An open database file, which nothing can change if ``read_only``. Not to be shared between threads."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self._connection = open_read_only(path) if read_only else open_database(path)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def copy_to(self, file: Path) -> None:
        """Copy the whole database, as it is in this moment, into another file, and nothing beside that."""
        with explaining(self.path), contextlib.closing(sqlite3.connect(file)) as copy:
            self._connection.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _all(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        with explaining(self.path):
            return self._connection.execute(query, parameters).fetchall()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with explaining(self.path):
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                # An interrupt may come before the transaction has begun, and after it has ended.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
