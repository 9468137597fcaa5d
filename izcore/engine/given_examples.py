"""Examples that are given in Python: kept as a file, which is then the task."""

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol, cast

import msgspec

from izcore.config.paths import Paths
from izcore.plugin.errors import DataError
from izcore.plugin.private_files import make_private_file, make_private_folder


class Table(Protocol):
    """A table of pandas, polars or pyarrow, or a dataset of Hugging Face, by what they have in common."""

    def __len__(self) -> int:
        """Return the number of rows."""
        ...


GivenTask = str | os.PathLike[str] | Iterable[Mapping[str, Any]] | Table
"""A task's name, the path of a file or folder, or examples: mappings of columns to values, or a table."""


def task_of(given: GivenTask, paths: Paths) -> str:
    """Return a task by its name or path; examples are first written to a file in the data folder.

    The file is named after its content, so a run that goes on finds the examples that it began with, and the
    same examples are the same task. Raises DataError for examples that are no mappings of names to values.
    """
    if isinstance(given, str | os.PathLike):
        return os.fspath(given)
    content = b"".join(_line(row, place) for place, row in enumerate(_rows(given), 1))
    if not content:
        raise DataError("There is no example.", hint="Give a list of mappings, such as [{'input': …}].")
    path = paths.data / "examples" / f"examples-{hashlib.sha256(content).hexdigest()[:12]}.jsonl"
    if not path.exists():
        _write(path, content)
    return str(path)


def _rows(given: object) -> Iterable[Mapping[str, Any]]:
    """Return the rows of a table as mappings, by the method that its library has for that."""
    if isinstance(given, Mapping):
        parts = ", ".join(map(str, given))
        raise DataError(
            f"The examples are a {type(given).__name__} of {parts or 'nothing'}, where rows belong.",
            hint="Choose one part, as dataset['train'], or give a list of mappings.",
        )
    for method in ("to_dicts", "to_pylist"):  # of polars, of pyarrow
        if callable(rows := getattr(given, method, None)):
            return cast(Iterable[Mapping[str, Any]], rows())
    if hasattr(given, "iloc") and hasattr(given, "to_dict"):  # of pandas
        return cast(Iterable[Mapping[str, Any]], given.to_dict("records"))
    if hasattr(given, "features"):  # of Hugging Face
        return _with_names_of_classes(cast(Iterable[Mapping[str, Any]], given), given.features or {})
    if not isinstance(given, Iterable):
        raise DataError(
            f"The task is {type(given).__name__}, where a name, a path or examples belong.",
            hint="Give a list of mappings, such as [{'input': …}], or a table.",
        )
    return given


def _with_names_of_classes(
    rows: Iterable[Mapping[str, Any]], features: Mapping[str, Any]
) -> Iterator[Mapping[str, Any]]:
    """Yield rows of a dataset with the names of classes, where it has their numbers."""
    classes = {name: each.int2str for name, each in features.items() if hasattr(each, "int2str")}
    for row in rows:
        named = {
            name: name_of(row[name])
            for name, name_of in classes.items()
            if isinstance(row.get(name), int) and row[name] >= 0  # -1 stands for none
        }
        yield {**row, **named}


def _line(row: Mapping[str, Any], place: int) -> bytes:
    if not isinstance(row, Mapping):
        raise DataError(
            f"Example {place} is {type(row).__name__}, where a mapping of columns to values belongs.",
            hint="Give a list of mappings, such as [{'input': …}], or a table of pandas or polars.",
        )
    try:
        return msgspec.json.encode({str(name): value for name, value in row.items()}, enc_hook=_plain) + b"\n"
    except (ValueError, RecursionError) as error:
        raise DataError(f"Example {place} cannot be written as JSON: {error}.") from None


def _plain(value: Any) -> Any:
    """Return numbers of numpy and the like as Python's own, and anything else as text."""
    return value.item() if callable(getattr(value, "item", None)) else str(value)


def _write(path: Path, content: bytes) -> None:
    make_private_folder(path.parent)
    part = path.with_suffix(f".{os.getpid()}")
    make_private_file(part)
    part.write_bytes(content)
    part.replace(path)
