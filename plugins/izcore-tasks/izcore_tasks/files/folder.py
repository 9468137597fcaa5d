"""Paths: instruction-induction data, BIG-bench tasks, a train file with a test file, or files of tasks."""

from collections.abc import Callable, Mapping
from pathlib import Path

from izcore.plugin import BackendContext, DataError, LoadRequest, Task, TaskData, nearest_names, user_path
from izcore_tasks.files.rows import ROW_SUFFIXES, finish_with_held_out, load_document, read_rows
from izcore_tasks.files.sources import data_suffix, stem_of
from izcore_tasks.options import FolderOptions

_VALIDATION = ("validation", "valid", "val", "dev")
"""What a file with validation examples is called."""


class TaskFolder(Task):
    """A folder that holds one task, or several of which the option ``task`` picks one."""

    def __init__(self, options: FolderOptions, context: BackendContext) -> None:
        self._options = options

    def load(self, request: LoadRequest) -> TaskData:
        """Load the task; raises DataError that lists the tasks where the choice is open."""
        folder = user_path(self._options.path)
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
                hint="Understood are induce/ with execute/, task.json, train, validation and test files, "
                f"and single files ({', '.join(ROW_SUFFIXES)}).",
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
    train = _row_file(folder, "train")
    if train:
        return {name: _split(name, train, _row_file(folder, *_VALIDATION), _row_file(folder, "test"))}
    nested = {path.parent.name: _document(path) for path in sorted(folder.glob("*/task.json"))}
    return nested or {
        stem_of(path): _single(path)
        for path in sorted(folder.iterdir())
        if path.is_file() and data_suffix(path) in ROW_SUFFIXES
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


def _row_file(folder: Path, *stems: str) -> Path | None:
    suffixes = [*ROW_SUFFIXES, *(f"{suffix}.gz" for suffix in ROW_SUFFIXES)]
    paths = (folder / f"{stem}{suffix}" for stem in stems for suffix in suffixes)
    return next((path for path in paths if path.is_file()), None)


def _document(path: Path) -> _Load:
    return lambda options, seed: load_document(path, options, seed)


def _single(path: Path) -> _Load:
    if data_suffix(path) == ".json":
        return _document(path)
    return lambda options, seed: finish_with_held_out(read_rows(path, options, seed), options, seed)


def _split(name: str, train: Path, validation: Path | None, test: Path | None) -> _Load:
    def load(options: FolderOptions, seed: int) -> TaskData:
        beside = {
            "validation": None if options.validation_path else validation,
            "test": None if options.test_path else test,
        }
        draft = read_rows(train, options, seed)
        draft.name = name
        read = [f"{split} examples from {path.name}" for split, path in beside.items() if path]
        missing = "" if test or options.test_path else "; there is no test file"
        draft.notes.append(f"{', '.join([f'Examples are read from {train.name}', *read])}{missing}.")
        held_out = {split: read_rows(path, options, seed) if path else None for split, path in beside.items()}
        return finish_with_held_out(draft, options, seed, **held_out)

    return load
