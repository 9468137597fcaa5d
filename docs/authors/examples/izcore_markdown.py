"""An exporter that writes the best instructions of a run as a table in Markdown."""

from collections.abc import Iterable
from typing import Annotated

from izcore.plugin import (
    BackendContext,
    Exporter,
    ExporterRegistration,
    ExportRequest,
    ExportResult,
    Meta,
    Options,
    hookimpl,
)

IZCORE_API = 1


class MarkdownOptions(Options):
    """Options of ``markdown``."""

    rows: Annotated[int, Meta(ge=1, description="How many instructions are shown, the best first")] = 10


class Markdown(Exporter):
    """A heading, and a row for each of the best instructions."""

    def __init__(self, options: MarkdownOptions, context: BackendContext) -> None:
        self._rows = options.rows

    def export(self, request: ExportRequest) -> ExportResult:
        """Return the table."""
        run = request.run
        scored = [trial for trial in run.trials if trial.reused is None and trial.mean is not None]
        best = sorted(scored, key=lambda trial: trial.mean or 0.0, reverse=True)[: self._rows]
        lines = [f"# {run.task}", "", "| validation | examples | instruction |", "|---|---|---|"]
        for trial in best:
            text = " ".join(trial.candidate.instruction.split()).replace("|", r"\|")
            lines.append(f"| {trial.mean:.2f} | {len(trial.scores)} | {text} |")
        return ExportResult(text="\n".join(lines) + "\n")


@hookimpl
def izcore_exporters() -> Iterable[ExporterRegistration]:
    """Offer the table."""
    return [
        ExporterRegistration(
            name="markdown",
            summary="The best instructions of a run as a table in Markdown",
            factory="izcore_markdown:Markdown",
            options=MarkdownOptions,
            argument="rows",
            suffixes=(".md",),
        )
    ]
