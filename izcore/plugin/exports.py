"""Frozen records for exporters: a run as people may read it, and what becomes of it."""

from izcore.plugin.records import Record, Trial
from izcore.plugin.results import RunResult, RunStatus


class Run(Record):
    """A run as it stands in the database.

    ``created`` is in seconds since 1970. ``trials`` are in the order in which they were scored. ``result``
    is None until the run has ended.
    """

    id: str
    task: str
    status: RunStatus
    seed: int
    created: float
    trials: tuple[Trial, ...] = ()
    result: RunResult | None = None


class ExportRequest(Record):
    """The run to export."""

    run: Run


class ExportResult(Record):
    """The run as text in the exporter's format, to be printed or written to a file in UTF-8."""

    text: str
