"""CSV and TSV files."""

import csv
import io
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from izcore_tasks.files.columns import Columns, add_rows, choose_columns
from izcore_tasks.files.draft import Draft, new_draft
from izcore_tasks.files.image_columns import read_images
from izcore_tasks.files.sources import data_suffix, read_text
from izcore_tasks.options import CsvOptions

_DELIMITERS = (",", ";", "\t", "|")


def read_table(path: Path, options: CsvOptions) -> Draft:
    """Read the rows of a table into a draft."""
    draft = new_draft(path, options, unit="line")
    text, delimiter = _without_separator_line(read_text(path, draft.label, options.encoding))
    delimiter = (
        options.delimiter or delimiter or ("\t" if data_suffix(path) == ".tsv" else _find_delimiter(text))
    )
    with _fields_of_any_size():
        rows = list(_rows(text, delimiter, draft))
    if not rows:
        return draft
    width = max(_width(cells) for _, cells in rows)
    header, body = _header(rows, width, options, draft), rows[1:] if options.header else rows
    keyed = [(line, dict(zip(header, cells, strict=False))) for line, cells in body]
    names = read_images([name for name in header if name], keyed, options, draft)
    columns = choose_columns(names, options, draft)
    if columns is None:
        return draft
    if options.header and columns.by_order and _is_no_header(header, body, columns):
        draft.notes.pop()  # the guess, which took an example for names
        draft.notes.append("The first line is an example like the others: it names no columns.")
        header, body = _numbered(len(header)), rows
        numbers = dict(zip([name.strip() for name in rows[0][1]], header, strict=False))
        columns = Columns(
            inputs=(numbers[columns.input],), targets=tuple(numbers[t] for t in columns.targets)
        )
    for name in dict.fromkeys((*columns.inputs, *columns.targets, *columns.choices)):
        if header.count(name) > 1:
            draft.problem(rows[0][0], f"{header.count(name)} columns are named {name!r}")
    fitting = []
    for line, cells in body:
        if _width(cells) > len(header):
            instead = f"{len(cells)} columns instead of {len(header)}"
            draft.problem(line, f"{instead}; put text that holds {delimiter!r} in quotes")
        else:
            fitting.append((line, dict(zip(header, cells, strict=False))))
    add_rows(draft, fitting, columns, options)
    return draft


def _header(rows: list[tuple[int, list[str]]], width: int, options: CsvOptions, draft: Draft) -> list[str]:
    """Return the names of the columns; one without a name and without any content has none."""
    if not options.header:
        return _numbered(width)
    header = [name.strip() for name in rows[0][1]]
    header = header[: _width(header)]
    unnamed = [place for place, name in enumerate(header) if not name]
    filled = [place for place in unnamed if any(len(c) > place and c[place].strip() for _, c in rows[1:])]
    for place in filled:
        header[place] = str(place + 1)
    if filled:
        draft.notes.append(f"Columns without a name are called {', '.join(header[p] for p in filled)}.")
    return header


def _is_no_header(header: list[str], body: list[tuple[int, list[str]]], columns: Columns) -> bool:
    """Whether the first row's target is one that other rows have too: then it names no column."""
    place = header.index(columns.targets[0])
    return any(len(cells) > place and cells[place].strip() == header[place] for _, cells in body)


def _width(cells: list[str]) -> int:
    """Return the number of cells without the blank ones at the end, which spreadsheets leave behind."""
    return max((place for place, cell in enumerate(cells, 1) if cell and not cell.isspace()), default=0)


def _without_separator_line(text: str) -> tuple[str, str]:
    """Return the text and the delimiter that its first line names (``sep=;``, as spreadsheets write it).

    The line itself stays, blank, so that messages count lines as an editor does.
    """
    match = re.match(r'"?sep=(.)"?[ \t]*(?=\r?\n)', text, re.IGNORECASE)
    return (text[match.end() :], match[1]) if match else (text, "")


def _rows(text: str, delimiter: str, draft: Draft) -> Iterator[tuple[int, list[str]]]:
    """Yield each row that is not blank with the line on which it begins; note malformed ones."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "end of data" in str(error):
                draft.problem(line, "a quote that opens here is never closed")
            else:
                draft.problem(line, f"{error}; write a quote inside quoted text twice")
            continue
        if _is_row(cells):
            yield line, cells


def _find_delimiter(text: str) -> str:
    """Return the delimiter that cuts the first row into most columns; the comma, if none does.

    csv.Sniffer also looks at the rows, where prose misleads it.
    """

    def columns(delimiter: str) -> int:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        try:
            return len(next(filter(_is_row, reader)))
        except (csv.Error, StopIteration):
            return 0

    with _fields_of_any_size():
        return max(_DELIMITERS, key=columns)


def _is_row(cells: list[str]) -> bool:
    return any(cell and not cell.isspace() for cell in cells)


def _numbered(count: int) -> list[str]:
    return [str(number) for number in range(1, count + 1)]


@contextmanager
def _fields_of_any_size() -> Iterator[None]:
    """Lift the csv module's limit on the length of a field, which holds for the whole process."""
    before = csv.field_size_limit(sys.maxsize)
    try:
        yield
    finally:
        csv.field_size_limit(before)
