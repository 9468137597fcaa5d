"""Writes a run, or the prompt that won it, in a format that a plugin offers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from izcore.config.paths import Paths
from izcore.plugin.errors import UsageError
from izcore.plugin.exports import ExportRequest, ExportResult
from izcore.plugin.private_files import make_private_file
from izcore.plugin.registrations import Exported, ExporterRegistration
from izcore.plugin.run_record import Run
from izcore.registry.registry import Registry

USUAL_FORMATS: Mapping[Exported, str] = {"run": "jsonl", "prompt": "text"}
"""What is written where neither a format nor a file's suffix says otherwise."""

_COMMANDS: Mapping[Exported, str] = {"run": "iz runs export RUN --format", "prompt": "iz export RUN --to"}


def export_run(
    registry: Registry,
    run: Run,
    *,
    format: str | None,
    output: Path | None,
    options: Mapping[str, Any] | None = None,
    exported: Exported | None = None,
    overwrite: bool = True,
) -> str:
    """Return a run, or the prompt that won it, in the format named, or in that of the output's suffix.

    ``options`` are the format's own. The text is written to ``output``, too, if there is one. A format that
    is no text is written there alone, and the returned text is empty. ``exported`` says what the format has
    to be of; without it, that may be either where a format is named, and else is a run.
    """
    if output is not None and output.exists() and not overwrite:
        raise UsageError(f"{output}: is there already.", hint="Name another file, or add --force.")
    wanted = format or _format_of(registry, output, exported or "run")
    choice = registry.choose("exporter", wanted, options or {})
    of = registry.registration(ExporterRegistration, choice.name).exports
    if exported not in (None, of):
        raise UsageError(
            f"{choice.name} is a format of a {of}, not of a {exported}.",
            hint=f"Write it with: {_COMMANDS[of]} {choice.name}",
        )
    best = run.result.best if run.result else None
    prompt = best.whole_prompt if best else None
    if of == "prompt" and prompt is None:
        raise _no_prompt(run)
    exporter = registry.build("exporter", choice, Paths.of_this_user().context(run.seed))
    result: ExportResult = exporter.export(ExportRequest(run=run, prompt=prompt))
    if output is not None:
        _write(result, output)
    elif result.data is not None:
        raise UsageError(f"{choice.name}: is no text, so it goes to a file.", hint="Name one with --output.")
    return result.text


def _no_prompt(run: Run) -> UsageError:
    if run.result and run.result.best:
        return UsageError(
            f"Run {run.id} asked a scorer that takes one message about whole conversations.",
            hint="Such a prompt has no fixed text; izcore.run() holds its parts.",
        )
    return UsageError(
        f"Run {run.id} has no winner: its status is {run.status}.", hint=f"Go on with: iz resume {run.id}"
    )


def _write(result: ExportResult, output: Path) -> None:
    try:
        make_private_file(output)
        if result.data is not None:
            output.write_bytes(result.data)
        else:
            output.write_text(result.text, encoding="utf-8", newline="")
    except OSError as error:
        raise UsageError(
            f"{output}: cannot be written: {error.strerror}.", hint="Choose another file with --output."
        ) from None


def _format_of(registry: Registry, output: Path | None, exported: Exported) -> str:
    suffix = output.suffix.lower() if output else ""
    if not suffix:
        return USUAL_FORMATS[exported]
    exporters = [each for each, _ in registry.registrations(ExporterRegistration) if each.exports == exported]
    for exporter in exporters:
        if suffix in exporter.suffixes:
            return exporter.name
    known = sorted(ending for exporter in exporters for ending in exporter.suffixes)
    raise UsageError(
        f"{output}: no format of a {exported} is known for files that end in {suffix}.",
        hint=f"Known endings: {', '.join(known)}; or choose a format: {_COMMANDS[exported]} NAME",
    )
