"""CSV and TSV files."""

import csv
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from izcore.plugin import BackendContext, LoadRequest, Task, TaskData
from izcore_tasks.files.columns import add_row, choose_columns
from izcore_tasks.files.draft import Draft, finish
from izcore_tasks.files.sources import read_text
from izcore_tasks.options import CsvOptions

_DELIMITERS = (",", ";", "\t", "|")


class CsvFile(Task):
    """A table with one example per row; quoted as RFC 4180 says."""

    def __init__(self, options: CsvOptions, context: BackendContext) -> None:
        self._options = options

    def load(self, request: LoadRequest) -> TaskData:
        """Load all rows; raises DataError with every fault and its line."""
        return finish(read_table(Path(self._options.path).expanduser(), self._options))


def read_table(path: Path, options: CsvOptions) -> Draft:
    """Read the rows of a table into a draft."""
    draft = Draft(name=path.stem, label=str(path), metric="choice" if options.choices else "exact_match")
    text = read_text(path, draft.label, options.encoding)
    delimiter = options.delimiter or ("\t" if path.suffix.lower() == ".tsv" else _find_delimiter(text))
    with _fields_of_any_size():
        rows = _rows(text, delimiter, draft)
        first = next(rows, None)
        if first is None:
            return draft
        header = [name.strip() for name in first[1]] if options.header else _numbered(len(first[1]))
        columns = choose_columns(header, options, draft)
        if columns is None:
            return draft
        used = (columns.input, *columns.targets, columns.choices)
        for name in dict.fromkeys(used):
            if header.count(name) > 1:
                draft.problem(first[0], f"{header.count(name)} columns are named {name!r}")
        if not options.header:
            add_row(draft, first[0], dict(zip(header, first[1], strict=True)), columns, options)
        for line, cells in rows:
            if len(cells) > len(header):
                instead = f"{len(cells)} columns instead of {len(header)}"
                draft.problem(line, f"{instead}; put text that holds {delimiter!r} in quotes")
            else:
                add_row(draft, line, dict(zip(header, cells, strict=False)), columns, options)
    return draft


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
