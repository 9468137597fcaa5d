"""Files packed with gzip: what they are is said by the suffix before ``.gz``."""

from pathlib import Path

from izcore.plugin import BackendContext, DataError, LoadRequest, Task, TaskData
from izcore_tasks.files.draft import finish
from izcore_tasks.files.objects import load_document, read_lines
from izcore_tasks.files.sources import data_suffix
from izcore_tasks.files.table import read_table
from izcore_tasks.options import CsvOptions


class PackedFile(Task):
    """A table, JSON lines or a JSON document in a gzip file."""

    def __init__(self, options: CsvOptions, context: BackendContext) -> None:
        self._options = options

    def load(self, request: LoadRequest) -> TaskData:
        """Load what is packed; raises DataError where the name does not say what that is."""
        path = Path(self._options.path).expanduser()
        suffix = data_suffix(path)
        if suffix in (".csv", ".tsv"):
            return finish(read_table(path, self._options))
        if suffix in (".jsonl", ".ndjson"):
            return finish(read_lines(path, self._options))
        if suffix == ".json":
            return load_document(path, self._options, request.seed)
        raise DataError(
            f"{path}: its name does not say what is packed in it.",
            hint="Name it NAME.csv.gz, NAME.jsonl.gz or NAME.json.gz.",
        )
