"""Paths: instruction-induction data, BIG-bench tasks, a train file with a test file, or files of tasks."""

from collections.abc import Callable, Mapping
from pathlib import Path

from izcore.plugin import BackendContext, DataError, LoadRequest, Task, TaskData, nearest_names
from izcore_tasks.files.draft import Draft, finish
from izcore_tasks.files.objects import load_document, read_lines, read_objects
from izcore_tasks.files.sources import data_suffix, read_json, stem_of
from izcore_tasks.files.table import read_table
from izcore_tasks.options import FolderOptions

_ROW_SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json")


class TaskFolder(Task):
    """A folder that holds one task, or several of which the option ``task`` picks one."""

    def __init__(self, options: FolderOptions, context: BackendContext) -> None:
        self._options = options

    def load(self, request: LoadRequest) -> TaskData:
        """Load the task; raises DataError that lists the tasks where the choice is open."""
        folder = Path(self._options.path).expanduser()
        if not folder.is_dir():
            what = "is a file, not a folder" if folder.exists() else "does not exist"
            raise DataError(f"The folder {folder} {what}.")
        try:
            tasks = _find_tasks(folder)
        except OSError as error:
            raise DataError(f"The folder {folder} cannot be read: {error.strerror or error}.") from None
        if not tasks:
            raise DataError(
                f"The folder {folder} holds no task that is understood.",
                hint="Understood are induce/ with execute/, task.json, train and test files, "
                f"and single files ({', '.join(_ROW_SUFFIXES)}).",
            )
        load = tasks[_pick(folder, tasks, self._options.task)]
        return load(self._options, request.seed)


_Load = Callable[[FolderOptions, int], TaskData]


def _find_tasks(folder: Path) -> Mapping[str, _Load]:
    """Return the tasks of a folder by name; the first of the known layouts that fits decides."""
    if folder.name == "induce":
        folder = folder.parent
    for base in (folder, folder / "raw"):
        if (base / "induce").is_dir():
            return {path.stem: _document(path) for path in sorted((base / "induce").glob("*.json"))}
    name = folder.absolute().name
    if (folder / "task.json").is_file():
        return {name: _document(folder / "task.json")}
    train, test = _row_file(folder, "train"), _row_file(folder, "test")
    if train:
        return {name: _pair(name, train, test)}
    nested = {path.parent.name: _document(path) for path in sorted(folder.glob("*/task.json"))}
    return nested or {
        stem_of(path): _single(path)
        for path in sorted(folder.iterdir())
        if path.is_file() and data_suffix(path) in _ROW_SUFFIXES
    }


def _pick(folder: Path, tasks: Mapping[str, _Load], wanted: str) -> str:
    if not wanted and len(tasks) == 1:
        return next(iter(tasks))
    if not wanted:
        raise DataError(
            f"The folder {folder} holds {len(tasks)} tasks: {', '.join(tasks)}.",
            hint="Choose one: --set task.task=NAME",
        )
    if wanted not in tasks:
        raise DataError(
            f"The folder {folder} holds no task named {wanted!r}.", hint=nearest_names(wanted, tasks)
        )
    return wanted


def _row_file(folder: Path, stem: str) -> Path | None:
    suffixes = [*_ROW_SUFFIXES, *(f"{suffix}.gz" for suffix in _ROW_SUFFIXES)]
    return next((path for suffix in suffixes if (path := folder / f"{stem}{suffix}").is_file()), None)


def _document(path: Path) -> _Load:
    return lambda options, seed: load_document(path, options, seed)


def _single(path: Path) -> _Load:
    if data_suffix(path) == ".json":
        return _document(path)
    return lambda options, seed: finish(_read_rows(path, options))


def _pair(name: str, train: Path, test: Path | None) -> _Load:
    def load(options: FolderOptions, seed: int) -> TaskData:
        draft = _read_rows(train, options)
        draft.name = name
        draft.notes.append(
            f"Examples are read from {train.name}, test examples from {test.name}."
            if test
            else f"Examples are read from {train.name}; there is no test file."
        )
        return finish(draft, _read_rows(test, options) if test else None)

    return load


def _read_rows(path: Path, options: FolderOptions) -> Draft:
    suffix = data_suffix(path)
    if suffix == ".json":
        return read_objects(path, read_json(path, str(path), options.encoding), options)
    return read_lines(path, options) if suffix in (".jsonl", ".ndjson") else read_table(path, options)
