"""Formats in which ``iz runs export`` writes: JSON, one line of JSON per row, and CSV."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence

import msgspec

from izcore.builtins.options import CsvOptions, TableOptions
from izcore.plugin import (
    BackendContext,
    Exporter,
    ExportRequest,
    ExportResult,
    Options,
    Row,
    Run,
    Trial,
    plain_cell,
    plain_json,
)

TRIAL_COLUMNS = (
    "index",
    "round",
    "instruction",
    "raw",
    "exemplars",
    "reused",
    "mean",
    "penalty",
    "calls",
    "cached_calls",
    "cost_usd",
)


class Json(Exporter):
    """The whole run as one JSON object: settings, examples, trials, test scores, result."""

    def __init__(self, options: Options, context: BackendContext) -> None:
        pass

    def export(self, request: ExportRequest) -> ExportResult:
        """Return the object, indented."""
        return ExportResult(text=f"{plain_json(msgspec.json.format(_json(request.run)))}\n")


class JsonLines(Exporter):
    """One JSON object per trial, answer or test score, a line each. A trial is written whole."""

    def __init__(self, options: TableOptions, context: BackendContext) -> None:
        self._table = options.table

    def export(self, request: ExportRequest) -> ExportResult:
        """Return the lines."""
        rows: Sequence[Trial] | Sequence[Row] = (
            request.run.trials if self._table == "trials" else _rows(request.run, self._table)
        )
        return ExportResult(text="".join(f"{plain_json(_json(row))}\n" for row in rows))


class Csv(Exporter):
    """A table with one row per trial, answer or test score; a trial has a column for each example's score.

    Texts are written so that a spreadsheet shows them as text, whatever they hold, unless the option ``raw``
    is set.
    """

    def __init__(self, options: CsvOptions, context: BackendContext) -> None:
        self._table = options.table
        self._cell: Callable[[str], str] = str if options.raw else plain_cell

    def export(self, request: ExportRequest) -> ExportResult:
        """Return the table, with a heading."""
        if self._table == "trials":
            return ExportResult(text=self._written(_trial_lines(request.run.trials)))
        rows = _rows(request.run, self._table)
        lines = [list(rows[0]), *(row.values() for row in rows)] if rows else []
        return ExportResult(text=self._written(lines))

    def _written(self, lines: Iterable[Iterable[object]]) -> str:
        text = io.StringIO()
        shown = ([self._cell(cell) if isinstance(cell, str) else cell for cell in line] for line in lines)
        csv.writer(text).writerows(shown)
        return text.getvalue()


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _rows(run: Run, table: str) -> list[Row]:
    return run.answer_rows() if table == "answers" else run.test_rows()


def _trial_lines(trials: Sequence[Trial]) -> Iterable[Iterable[object]]:
    examples = max((len(trial.scores) for trial in trials), default=0)
    yield (*TRIAL_COLUMNS, *(f"score_{i}" for i in range(examples)))
    for trial in trials:
        candidate = trial.candidate
        yield (
            trial.index,
            trial.round,
            candidate.instruction,
            candidate.raw,
            " | ".join(exemplar.full_input for exemplar in candidate.exemplars),
            trial.reused,
            trial.mean,
            trial.penalty,
            trial.calls,
            trial.cached_calls,
            trial.cost_usd,
            *trial.scores,
        )
