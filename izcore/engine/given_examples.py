"""Examples that are given in Python: kept as a file, which is then the task."""

import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from izcore.config.paths import Paths
from izcore.plugin.errors import DataError
from izcore.plugin.private_files import make_private_file, make_private_folder

GivenTask = str | os.PathLike[str] | Iterable[Mapping[str, Any]]
"""A task's name, the path of a file or folder, or examples: mappings of columns to values."""


def task_of(given: GivenTask, paths: Paths) -> str:
    """Return a task by its name or path; examples are first written to a file in the data folder.

    The file is named after its content, so a run that goes on finds the examples that it began with, and the
    same examples are the same task. Raises DataError for examples that are no mappings of names to values.
    """
    if isinstance(given, str | os.PathLike):
        return os.fspath(given)
    content = b"".join(_line(row, place) for place, row in enumerate(given, 1))
    if not content:
        raise DataError("There is no example.", hint="Give a list of mappings, such as [{'input': …}].")
    path = paths.data / "examples" / f"examples-{hashlib.sha256(content).hexdigest()[:12]}.jsonl"
    if not path.exists():
        _write(path, content)
    return str(path)


def _line(row: Mapping[str, Any], place: int) -> bytes:
    if not isinstance(row, Mapping):
        raise DataError(
            f"Example {place} is {type(row).__name__}, where a mapping of columns to values belongs.",
            hint="A table of pandas gives such: table.to_dict('records').",
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
