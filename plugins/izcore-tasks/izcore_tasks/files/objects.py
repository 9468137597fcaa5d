"""Objects, one per example: the lines of a JSON-lines file, or the list in a JSON document."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from izcore.plugin import DataError
from izcore_tasks.files.columns import add_rows, choose_columns
from izcore_tasks.files.conversations import Row, read_conversations, rows_of_training_samples
from izcore_tasks.files.draft import Draft, new_draft
from izcore_tasks.files.image_columns import read_images
from izcore_tasks.files.reading import is_reading, reading_rows
from izcore_tasks.files.sources import parse_json, read_text
from izcore_tasks.files.values import describe
from izcore_tasks.options import FileOptions

_LIST_KEYS = ("examples", "data", "rows", "instances", "samples")
_DEEPEST = 5
"""Levels of nested objects whose values can be named."""


def read_lines(path: Path, options: FileOptions) -> Draft:
    """Read the objects of a JSON-lines file into a draft."""
    draft = new_draft(path, options, unit="line")
    text = read_text(path, draft.label, options.encoding)
    rows: list[Row] = []
    # Not splitlines: JSON text may hold line separators other than the newline.
    for number, line in enumerate(text.split("\n"), 1):
        if line and not line.isspace():
            try:
                value = parse_json(line)
            except ValueError as error:
                where = f" (column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
                detail = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
                draft.problem(number, f"not valid JSON: {detail}{where}")
            else:
                _keep_object(number, value, rows, draft)
    if draft.problems and not rows and _is_one_document(text):
        raise DataError(
            f"{path} is one JSON document, not one object per line.", hint="Name it .json instead of .jsonl."
        )
    return _add_objects(rows, options, draft)


def read_objects(path: Path, document: Any, options: FileOptions) -> Draft:
    """Read a list of objects, at the top of the document or under "examples", into a draft."""
    draft = new_draft(path, options, unit="example")
    entries = reading_rows(document) if is_reading(document) else _entries(document)
    if not isinstance(entries, list):
        problem = f"it holds {describe(document)}" + (
            f" with the keys {', '.join(map(repr, document))}" if isinstance(document, dict) else ""
        )
        raise DataError(
            f"{path} is no task that is understood: {problem}.",
            hint="It should be a list of objects, an instruction-induction file or a BIG-bench task.json.",
            problems=(problem,),
        )
    rows: list[Row] = []
    for number, entry in enumerate(entries, 1):
        _keep_object(number, entry, rows, draft)
    return _add_objects(rows, options, draft)


def is_one_object_per_line(text: str) -> bool:
    """Say whether a text is JSON lines, whatever its file is called."""
    lines = [line for line in text.split("\n", 50)[:50] if line and not line.isspace()]
    return (
        len(lines) > 1
        and all(line[0] == "{" and line.rstrip()[-1] == "}" for line in lines)
        and not (_is_one_document(text))
    )


def _entries(document: Any) -> Any:
    """Return the list of examples: the document itself, or what stands under a usual key."""
    if not isinstance(document, dict):
        return document
    return next((document[key] for key in _LIST_KEYS if isinstance(document.get(key), list)), None)


def _keep_object(place: int, value: Any, rows: list[Row], draft: Draft) -> None:
    if isinstance(value, dict):
        rows.append((place, value))
    else:
        draft.problem(place, f"{describe(value)}, where an object belongs")


def _add_objects(rows: Sequence[Row], options: FileOptions, draft: Draft) -> Draft:
    if not options.input and not options.target:
        rows = rows_of_training_samples(rows, draft)
    rows = [(place, _with_nested(row)) for place, row in rows]
    keys = dict.fromkeys(key for _, row in rows for key in row)
    named = _named(options)
    top = [key for key in keys if key in named or "." not in key]
    nested = [
        key for key in keys if key not in top and not any(other.startswith(f"{key}.") for other in keys)
    ]
    names = read_images(top, rows, options, draft)
    columns = choose_columns(names, options, draft, nested=nested) if rows else None
    if columns is not None:
        add_rows(draft, read_conversations(list(rows), columns.input, draft), columns, options)
    return draft


def _named(options: FileOptions) -> set[str]:
    named = (options.input, options.target, options.choices, options.image)
    return {name for each in named for name in ((each,) if isinstance(each, str) else each)}


def _with_nested(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row with what its objects hold, under names such as ``fields.input``."""
    found = dict(row)
    nested = [(key, value) for key, value in row.items() if isinstance(value, dict)]
    for _ in range(_DEEPEST):
        nested = [(f"{key}.{name}", inner) for key, value in nested for name, inner in value.items()]
        found |= {key: value for key, value in nested if key not in found}
        nested = [(key, value) for key, value in nested if isinstance(value, dict)]
    return found


def _is_one_document(text: str) -> bool:
    try:
        parse_json(text)
    except ValueError:
        return False
    return True
