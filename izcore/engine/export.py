"""Writes a run in a format that a plugin offers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from izcore.config.paths import Paths
from izcore.plugin.errors import UsageError
from izcore.plugin.exports import ExportRequest, ExportResult
from izcore.plugin.private_files import make_private_file
from izcore.plugin.registrations import ExporterRegistration
from izcore.plugin.run_record import Run
from izcore.registry.registry import Registry

USUAL_FORMAT = "jsonl"
"""What a run is written in where neither a format nor a file's suffix says otherwise."""


def export_run(
    registry: Registry,
    run: Run,
    *,
    format: str | None,
    output: Path | None,
    options: Mapping[str, Any] | None = None,
) -> str:
    """Return the run as text, in the format named, or in that of the suffix of ``output``.

    ``options`` are the format's own. The text is written to ``output``, too, if there is one.
    """
    choice = registry.choose("exporter", format or _format_of(registry, output), options or {})
    exporter = registry.build("exporter", choice, Paths.of_this_user().context(run.seed))
    result: ExportResult = exporter.export(ExportRequest(run=run))
    if output is not None:
        try:
            make_private_file(output)
            output.write_text(result.text, encoding="utf-8", newline="")
        except OSError as error:
            raise UsageError(
                f"{output}: cannot be written: {error.strerror}.", hint="Choose another file with --output."
            ) from None
    return result.text


def _format_of(registry: Registry, output: Path | None) -> str:
    suffix = output.suffix.lower() if output else ""
    if not suffix:
        return USUAL_FORMAT
    exporters = registry.registrations(ExporterRegistration)
    for exporter, _ in exporters:
        if suffix in exporter.suffixes:
            return exporter.name
    known = sorted(ending for exporter, _ in exporters for ending in exporter.suffixes)
    raise UsageError(
        f"{output}: no format is known for files that end in {suffix}.",
        hint=f"Known endings: {', '.join(known)}; or choose a format with --format NAME.",
    )
