"""The file formats, as backends."""

from izcore.plugin import TaskRegistration
from izcore_tasks.options import CsvOptions, FileOptions, FolderOptions


def file_backends() -> list[TaskRegistration]:
    """Return the backends that read files and folders."""
    return [
        TaskRegistration(
            name="csv",
            summary="A table with one example per row (CSV or TSV)",
            factory="izcore_tasks.files.single:CsvFile",
            options=CsvOptions,
            argument="path",
            paths=(".csv", ".tsv"),
        ),
        TaskRegistration(
            name="jsonl",
            summary="One JSON object per line, or OpenAI-evals samples",
            factory="izcore_tasks.files.single:JsonlFile",
            options=FileOptions,
            argument="path",
            paths=(".jsonl", ".ndjson"),
        ),
        TaskRegistration(
            name="json",
            summary="A list of objects, an instruction-induction file, or BIG-bench's task.json",
            factory="izcore_tasks.files.single:JsonFile",
            options=FileOptions,
            argument="path",
            paths=(".json",),
        ),
        TaskRegistration(
            name="parquet",
            summary="A Parquet file with one example per row",
            factory="izcore_tasks.files.parquet:ParquetFile",
            options=FileOptions,
            argument="path",
            paths=(".parquet",),
            install="pip install 'izcore-tasks[parquet]'",
        ),
        TaskRegistration(
            name="gz",
            summary="A CSV, JSON-lines or JSON file packed with gzip (NAME.csv.gz)",
            factory="izcore_tasks.files.single:PackedFile",
            options=CsvOptions,
            argument="path",
            paths=(".gz",),
        ),
        TaskRegistration(
            name="folder",
            summary="Instruction-induction or BIG-bench tasks, or train, validation and test files",
            factory="izcore_tasks.files.folder:TaskFolder",
            options=FolderOptions,
            argument="path",
            paths=("/",),
        ),
    ]
