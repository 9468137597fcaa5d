"""Single files as tasks: tables, JSON lines, JSON documents, and the same packed with gzip."""

from izcore.plugin import BackendContext, LoadRequest, Task, TaskData, user_path
from izcore_tasks.files.objects import read_lines
from izcore_tasks.files.rows import finish_with_held_out, load_document, read_rows
from izcore_tasks.files.sources import data_suffix
from izcore_tasks.files.table import read_table
from izcore_tasks.options import CsvOptions, FileOptions


class CsvFile(Task):
    """A table with one example per row; quoted as RFC 4180 says."""

    def __init__(self, options: CsvOptions, context: BackendContext) -> None:
        self._options = options

    def load(self, request: LoadRequest) -> TaskData:
        """Load all rows; raises DataError with every fault and its line."""
        draft = read_table(user_path(self._options.path), self._options)
        return finish_with_held_out(draft, self._options, request.seed)


class JsonlFile(Task):
    """One JSON object per line: any keys, or a sample of OpenAI's evals."""

    def __init__(self, options: FileOptions, context: BackendContext) -> None:
        self._options = options

    def load(self, request: LoadRequest) -> TaskData:
        """Load all lines; raises DataError with every fault and its line."""
        draft = read_lines(user_path(self._options.path), self._options)
        return finish_with_held_out(draft, self._options, request.seed)


class JsonFile(Task):
    """One JSON document: a list of objects, an instruction-induction file, or BIG-bench's task.json."""

    def __init__(self, options: FileOptions, context: BackendContext) -> None:
        self._options = options

    def load(self, request: LoadRequest) -> TaskData:
        """Load all examples; raises DataError with every fault and its example."""
        return load_document(user_path(self._options.path), self._options, request.seed)


class PackedFile(Task):
    """A table, JSON lines or a JSON document in a gzip file: the suffix before ``.gz`` says which."""

    def __init__(self, options: CsvOptions, context: BackendContext) -> None:
        self._options = options

    def load(self, request: LoadRequest) -> TaskData:
        """Load what is packed; raises DataError where the name does not say what that is."""
        path = user_path(self._options.path)
        if data_suffix(path) == ".json":
            return load_document(path, self._options, request.seed)
        draft = read_rows(path, self._options, request.seed)
        return finish_with_held_out(draft, self._options, request.seed)
