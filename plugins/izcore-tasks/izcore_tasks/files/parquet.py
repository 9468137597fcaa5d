"""Parquet files, read by pyarrow."""

from pathlib import Path

import pyarrow
from pyarrow import parquet

from izcore.plugin import BackendContext, DataError, LoadRequest, Task, TaskData, user_path
from izcore_tasks.files.draft import Draft
from izcore_tasks.files.objects import read_objects
from izcore_tasks.files.rows import finish_with_held_out
from izcore_tasks.files.sources import read_bytes
from izcore_tasks.options import FileOptions


class ParquetFile(Task):
    """A Parquet file with one example per row; lists and structures are read as in JSON."""

    def __init__(self, options: FileOptions, context: BackendContext) -> None:
        self._options = options

    def load(self, request: LoadRequest) -> TaskData:
        """Load all rows; raises DataError with every fault and its row."""
        draft = read_parquet(user_path(self._options.path), self._options)
        return finish_with_held_out(draft, self._options, request.seed)


def read_parquet(path: Path, options: FileOptions) -> Draft:
    """Read the rows of a Parquet file into a draft."""
    content = read_bytes(path)
    try:
        rows = parquet.read_table(pyarrow.BufferReader(content)).to_pylist()
    except (pyarrow.ArrowException, OSError, ValueError) as error:  # damage is any of them
        raise DataError(f"{path} is not a Parquet file that can be read: {error}.") from None
    return read_objects(path, rows, options)
