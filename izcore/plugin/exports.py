"""Frozen records for exporters: the run that is wanted, and what it becomes."""

import keyword
import re
from collections.abc import Sequence

from izcore.plugin.plain_text import plain_line
from izcore.plugin.record import Record
from izcore.plugin.run_record import Run
from izcore.plugin.whole_prompts import WholePrompt


class ExportRequest(Record):
    """The run to export, and its winner as a prompt."""

    run: Run
    """The whole run, with trials, answers and test scores as far as it has them."""
    prompt: WholePrompt | None = None
    """The winner as it was measured; None where there is none, as exporters of prompts are not asked then."""


class ExportResult(Record):
    """What an exporter made: a text, or bytes for a format that is no text."""

    text: str = ""
    """The run in the exporter's format, to be printed or written to a file in UTF-8."""
    data: bytes | None = None
    """The content of a file that is no text, in place of ``text``; None for a text."""


def scorer_name(run: Run) -> str:
    """Return the model that a run asked, as ``NAME:MODEL`` where its options name one."""
    scorer = run.config.get("scorer", {})
    model = scorer.get("options", {}).get("model", "")
    return plain_line(f"{scorer.get('name', '')}:{model}" if model else str(scorer.get("name", "")))


def measured_line(run: Run) -> str:
    """Say on one line what prompt of a run this is, and how it was measured."""
    test = run.result.best.test if run.result and run.result.best else None
    scored = (
        f"{test.score:.3f} (95% interval {test.low:.3f} to {test.high:.3f}) on {test.n} test examples"
        if test
        else "not tested"
    )
    return plain_line(f"The prompt of run {run.id}, task {run.task}: {scored}, with {scorer_name(run)}.")


def identifiers(fields: Sequence[str]) -> dict[str, str]:
    """Return a name for each field that Python and template languages take as a variable's."""
    names: dict[str, str] = {}
    for field in fields:
        name = re.sub(r"\W", "_", field, flags=re.ASCII).strip("_").lower() or "field"
        name = f"field_{name}" if name[0].isdigit() else name
        name = f"{name}_" if keyword.iskeyword(name) else name
        while name in names.values():
            name += "_"
        names[field] = name
    return names
