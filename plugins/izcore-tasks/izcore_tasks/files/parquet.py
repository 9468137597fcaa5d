"""Parquet files, read by pyarrow."""

from pathlib import Path

import pyarrow
from pyarrow import parquet

from izcore.plugin import BackendContext, DataError, LoadRequest, Task, TaskData
from izcore_tasks.files.draft import finish
from izcore_tasks.files.objects import read_objects
from izcore_tasks.files.sources import read_bytes
from izcore_tasks.options import FileOptions


class ParquetFile(Task):
    """A Parquet file with one example per row; lists and structures are read as in JSON."""

    def __init__(self, options: FileOptions, context: BackendContext) -> None:
        self._options = options

    def load(self, request: LoadRequest) -> TaskData:
        """Load all rows; raises DataError with every fault and its row."""
        path = Path(self._options.path).expanduser()
        content = read_bytes(path)
        try:
            rows = parquet.read_table(pyarrow.BufferReader(content)).to_pylist()
        except pyarrow.ArrowException as error:
            raise DataError(f"{path} is not a Parquet file that can be read: {error}.") from None
        return finish(read_objects(path, rows, self._options))
