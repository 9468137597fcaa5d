"""Examples from any file, whose suffix says how it is written; and the files that options name for splits."""

from pathlib import Path

import msgspec

from izcore.plugin import DataError, TaskData, user_path
from izcore_tasks.files.bigbench import bigbench_draft, is_bigbench
from izcore_tasks.files.draft import Draft, finish
from izcore_tasks.files.induction import induction_draft, is_induction, read_induction
from izcore_tasks.files.objects import is_one_object_per_line, read_lines, read_objects
from izcore_tasks.files.sources import data_suffix, read_json, read_text
from izcore_tasks.files.table import read_table
from izcore_tasks.options import CsvOptions, FileOptions

ROW_SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet")


def read_rows(path: Path, options: FileOptions, seed: int) -> Draft:
    """Read all examples of one file into a draft; raises DataError where its name does not say what it is."""
    suffix = data_suffix(path)
    if suffix in (".csv", ".tsv"):
        return read_table(path, _for_tables(options))
    if suffix in (".jsonl", ".ndjson"):
        return read_lines(path, options)
    if suffix == ".json":
        return _read_document(path, options, seed)
    if suffix == ".parquet":
        return _read_parquet(path, options)
    raise DataError(
        f"{path}: its name does not say how it is written.",
        hint=f"Understood are names that end in {', '.join(ROW_SUFFIXES)}, and the same followed by .gz.",
    )


def load_document(path: Path, options: FileOptions, seed: int) -> TaskData:
    """Make a task of one JSON document, whatever its form, and of what lies beside it."""
    text = read_text(path, str(path), options.encoding)
    if not is_one_object_per_line(text):
        document = read_json(path, str(path), options.encoding)
        if is_induction(document):
            draft, test = read_induction(path, document, seed=seed, encoding=options.encoding)
            return finish_with_held_out(draft, options, seed, test=test)
    return finish_with_held_out(_read_document(path, options, seed), options, seed)


def finish_with_held_out(
    draft: Draft,
    options: FileOptions,
    seed: int,
    *,
    test: Draft | None = None,
    validation: Draft | None = None,
) -> TaskData:
    """Make a task of a draft and of held-out examples: those in the files that options name, else others."""
    if options.test_path:
        test = _read_named(options.test_path, "Test examples", draft, options, seed)
    if options.validation_path:
        validation = _read_named(options.validation_path, "Validation examples", draft, options, seed)
    return finish(draft, test, validation)


def _read_named(name: str, what: str, draft: Draft, options: FileOptions, seed: int) -> Draft:
    draft.notes.append(f"{what} are read from {name}.")
    return read_rows(user_path(name), options, seed)


def _read_document(path: Path, options: FileOptions, seed: int) -> Draft:
    if is_one_object_per_line(read_text(path, str(path), options.encoding)):
        return read_lines(path, options)
    document = read_json(path, str(path), options.encoding)
    if is_induction(document):
        return induction_draft(path.stem, str(path), document, seed)
    by_key = bool(options.input or options.target)
    if is_bigbench(document) and not by_key:
        name = path.stem if path.stem != "task" else path.absolute().parent.name
        return bigbench_draft(name, str(path), document, seed)
    return read_objects(path, document, options)


def _read_parquet(path: Path, options: FileOptions) -> Draft:
    try:
        from izcore_tasks.files.parquet import read_parquet
    except ImportError:
        raise DataError(
            f"{path} is a Parquet file, and nothing that reads it is installed.",
            hint="pip install 'izcore-tasks[parquet]'",
        ) from None
    return read_parquet(path, options)


def _for_tables(options: FileOptions) -> CsvOptions:
    if isinstance(options, CsvOptions):
        return options
    return CsvOptions(**{name: getattr(options, name) for name in msgspec.structs.asdict(options)})
