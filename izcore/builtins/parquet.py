"""The format ``parquet`` of ``iz runs export``, which needs pyarrow."""

import pyarrow as pa
from pyarrow import parquet

from izcore.builtins.options import TableOptions
from izcore.plugin import BackendContext, Exporter, ExportRequest, ExportResult

_WHOLE = (
    *("trial", "round", "example", "reused", "examples", "failed", "calls", "cached_calls"),
    *("input_tokens", "output_tokens"),
)
_MEASURED = ("mean", "penalty", "score", "cost_usd")


class Parquet(Exporter):
    """One row per trial, answer or test score; a column has the same type in every run's table."""

    def __init__(self, options: TableOptions, context: BackendContext) -> None:
        self._table = options.table

    def export(self, request: ExportRequest) -> ExportResult:
        """Return the file's content; of a run without such rows a table without columns."""
        run = request.run
        tables = {"trials": run.trial_rows, "answers": run.answer_rows, "tests": run.test_rows}
        rows = tables[self._table]()
        schema = pa.schema([(name, _type_of(name)) for name in (rows[0] if rows else ())])
        written = pa.BufferOutputStream()
        parquet.write_table(pa.Table.from_pylist(rows, schema=schema), written)
        return ExportResult(data=written.getvalue().to_pybytes())


def _type_of(column: str) -> pa.DataType:
    if column in _WHOLE:
        return pa.int64()
    return pa.float64() if column in _MEASURED else pa.string()
