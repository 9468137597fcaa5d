"""Formats in which ``iz runs export`` writes: JSON, one line of JSON per row, and CSV."""

import csv
import io
from collections.abc import Iterable, Sequence

import msgspec

from izcore.builtins.options import TableOptions
from izcore.plugin import BackendContext, Exporter, ExportRequest, ExportResult, Options, Row, Run, Trial

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
        return ExportResult(text=msgspec.json.format(msgspec.json.encode(request.run)).decode() + "\n")


class JsonLines(Exporter):
    """One JSON object per trial, answer or test score, a line each. A trial is written whole."""

    def __init__(self, options: TableOptions, context: BackendContext) -> None:
        self._table = options.table

    def export(self, request: ExportRequest) -> ExportResult:
        """Return the lines."""
        rows: Sequence[Trial] | Sequence[Row] = (
            request.run.trials if self._table == "trials" else _rows(request.run, self._table)
        )
        return ExportResult(text="".join(msgspec.json.encode(row).decode() + "\n" for row in rows))


class Csv(Exporter):
    """A table with one row per trial, answer or test score; a trial has a column for each example's score."""

    def __init__(self, options: TableOptions, context: BackendContext) -> None:
        self._table = options.table

    def export(self, request: ExportRequest) -> ExportResult:
        """Return the table, with a heading."""
        if self._table == "trials":
            return ExportResult(text=_csv(_trial_lines(request.run.trials)))
        rows = _rows(request.run, self._table)
        return ExportResult(text=_csv([list(rows[0]), *(row.values() for row in rows)] if rows else []))


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
            " | ".join(exemplar.input for exemplar in candidate.exemplars),
            trial.reused,
            trial.mean,
            trial.penalty,
            trial.calls,
            trial.cached_calls,
            trial.cost_usd,
            *trial.scores,
        )


def _csv(lines: Iterable[Iterable[object]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(lines)
    return text.getvalue()
