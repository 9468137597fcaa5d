"""Registers the commands and the format; pages are made when somebody asks for one."""

from izcore.plugin import CommandRegistration, ExporterRegistration, hookimpl

IZCORE_API = 1


@hookimpl
def izcore_commands() -> list[CommandRegistration]:
    """Register ``iz report`` and ``iz serve``."""
    return [
        CommandRegistration(
            name="report",
            summary="Write a run or a comparison as one HTML file, to be read and handed on.",
            app="izcore_web.report:report",
        ),
        CommandRegistration(
            name="serve",
            summary="Show runs and comparisons in the browser as they go on.",
            app="izcore_web.serve:serve",
        ),
    ]


@hookimpl
def izcore_exporters() -> list[ExporterRegistration]:
    """Register the format in which ``iz runs export`` writes the same file."""
    return [
        ExporterRegistration(
            name="html",
            summary="The run as one page: result, curve, trials and answers",
            factory="izcore_web.exporter:Html",
            suffixes=(".html", ".htm"),
        )
    ]
