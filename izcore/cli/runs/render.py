"""Renders the record of one run, for people and for programs."""

import json
import time
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from rich.table import Table
from rich.text import Text

from izcore.cli.shared import out
from izcore.cli.show import (
    add_backends,
    add_departures,
    change_line,
    limits_line,
    score_less,
    show_exemplars,
    show_result,
    split_sizes,
)
from izcore.engine.flat_scores import flat_scores
from izcore.plugin.examples import Example
from izcore.plugin.results import FrontPoint
from izcore.plugin.trials import USER, Candidate, Trial
from izcore.registry.registry import Registry
from izcore.search.history import History
from izcore.storage.records import RunRecord

SHOWN_TRIALS = 20


def show_record(registry: Registry, record: RunRecord, trials: list[Trial]) -> None:
    """Print settings, the best trials and the result."""
    console, config, splits = out(), record.config, record.plan.splits
    rows = Table.grid(padding=(0, 2))
    rows.add_column(style="dim")
    rows.add_column(overflow="fold")
    rows.add_row("run", record.id)
    rows.add_row("started", time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(record.created)))
    rows.add_row("status", record.status)
    rows.add_row("task", Text(f"{record.task}: {registry.describe('task', config.task)}"))
    add_backends(rows, registry, config)
    add_departures(rows, config)
    if record.generator_state:
        rows.add_row("worked out", Text(json.dumps(record.generator_state)))
    rows.add_row("prompt template", Text(repr(config.prompt_template)))
    rows.add_row("placement", config.placement)
    rows.add_row("examples", split_sizes(splits))
    rows.add_row("seed", str(config.seed))
    rows.add_row("preset", config.preset)
    rows.add_row("versions", ", ".join(f"{name} {v}" for name, v in sorted(record.plan.versions.items())))
    walls = limits_line(config.budget)
    if walls:
        rows.add_row("stops at", walls)
    for change in record.changes:
        rows.add_row("went on after", Text(change_line(change)))
    for note in record.plan.notes:
        rows.add_row("note", Text(note))
    if not record.result and (flat := flat_scores(trials, splits.validation, config)):
        rows.add_row("note", Text(str(flat)))
    set_aside = History(trials).set_aside
    if set_aside and not record.result:
        asked = len(splits.validation) + len(splits.retest)
        rows.add_row("set aside", f"{len(set_aside)} of {asked} examples, for all instructions alike")
    console.print(rows)
    console.print()
    _show_trials(trials, len(splits.validation))
    if record.result:
        console.print()
        _show_front(record.result.front)
        show_result(record.result)
    elif not record.searches:
        console.print("Not finished; score it again with the same command.")
    elif record.status != "done":
        console.print(f"Not finished; go on with: iz resume {record.id}")


def show_trial(record: RunRecord, trial: Trial, *, reasoning: bool = False) -> None:
    """Print one trial with every answer, and with what was thought before it if ``reasoning``."""
    console = out()
    console.print(Text(trial.candidate.instruction, "bold"))
    show_exemplars(console, trial.candidate.exemplars)
    if trial.candidate.raw:
        console.print(Text(f"as written: {trial.candidate.raw!r}", "dim"))
    for told in _told_of_writing(trial.candidate):
        console.print(Text(told, "dim"))
    if trial.reused is not None:
        console.print(f"the same instruction as trial {trial.reused}, whose scores these are", style="dim")
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("score", "input", "target", "answer", "ended"):
        table.add_column(heading, overflow="fold")
    # Trials of older versions have no finishes.
    rows = zip_longest(trial.scores, trial.answers, trial.finishes)
    splits = record.plan.splits
    for example, (score, answer, finish) in zip((*splits.validation, *splits.retest), rows, strict=False):
        shown = "set aside" if score is None else f"{score:.2f}"
        ended = "" if finish in (None, "stop") else finish
        targets = Text(" | ".join(example.targets))
        table.add_row(
            shown, Text(example.full_input), targets, Text("-" if answer is None else answer), ended
        )
    console.print(table)
    if reasoning:
        examples = (*splits.validation, *splits.retest)
        for example, thought in zip(examples, trial.reasonings, strict=False):
            if thought:
                console.print(Text(f"before the answer to {example.full_input!r}: {thought}", "dim"))
        if not any(trial.reasonings):
            console.print("No answer of this trial tells what was thought before it.", style="dim")


def _told_of_writing(candidate: Candidate) -> Iterator[str]:
    """Yield who wrote a candidate's sentence, and what was odd about it, as far as there is something."""
    if candidate.writer:
        yield f"written by {candidate.writer}"
    if candidate.refused:
        yield f"refused for {candidate.refused}, so it cost no call"
    if candidate.unwritten:
        yield f"stands in for what was not written for {candidate.unwritten}"


def _named(instruction: str, exemplars: tuple[Example, ...]) -> str:
    return f"{instruction} [+ {', '.join(e.full_input for e in exemplars)}]" if exemplars else instruction


def _score_cells(scores: Sequence[float | None], penalty: float) -> tuple[str, str]:
    """The mean of some of a trial's scores less its penalty, and how many there are."""
    known = [score for score in scores if score is not None]
    shown = score_less(sum(known) / len(known), penalty) if known else "-"
    set_aside = len(scores) - len(known)
    return shown + (f" ({set_aside} set aside)" if set_aside else ""), str(len(scores) or "-")


def _show_front(front: tuple[FrontPoint, ...]) -> None:
    if len(front) < 2:
        return
    table = Table(box=None, padding=(0, 2, 0, 0), title="score against length", title_justify="left")
    for heading in ("characters", "validation", "n", "instruction"):
        table.add_column(heading, overflow="fold")
    for point in front:
        score, n = f"{point.validation.score:.2f}", str(point.validation.n)
        table.add_row(str(point.length), score, n, Text(_named(point.instruction, point.exemplars)))
    out().print(table)
    out().print()


def _show_trials(trials: list[Trial], searched_on: int) -> None:
    """Print the best trials: their scores on the first examples, and those of finalists on fresh ones."""
    history = History(trials)
    distinct = history.ranked
    if not distinct:
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    fresh = ["fresh", "n"] if any(len(trial.scores) > searched_on for trial in trials) else []
    writers = ["writer"] if any(t.candidate.writer not in ("", USER) for t in distinct) else []
    for heading in ("trial", "validation", "n", *fresh, *writers, "instruction"):
        table.add_column(heading, overflow="fold")
    for trial in distinct[:SHOWN_TRIALS]:
        style = "bold green" if trial == history.best else ""
        parts = (trial.scores[:searched_on], trial.scores[searched_on:])
        scores = [cell for part in parts for cell in _score_cells(part, trial.penalty)]
        table.add_row(
            str(trial.index),
            *scores[: 2 + len(fresh)],
            *(trial.candidate.writer for _ in writers),
            Text(_named(trial.candidate.instruction, trial.candidate.exemplars), style),
        )
    out().print(table)
    if len(distinct) > SHOWN_TRIALS:
        out().print(f"… and {len(distinct) - SHOWN_TRIALS} more; all of them: iz runs export", style="dim")
