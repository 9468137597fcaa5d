"""Frozen records for exporters: the run that is wanted, and the text that it becomes."""

from izcore.plugin.record import Record
from izcore.plugin.run_record import Run


class ExportRequest(Record):
    """The run to export."""

    run: Run
    """The whole run, with trials, answers and test scores as far as it has them."""


class ExportResult(Record):
    """What an exporter made."""

    text: str
    """The run in the exporter's format, to be printed or written to a file in UTF-8."""
