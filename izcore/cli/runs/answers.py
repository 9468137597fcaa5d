"""Renders the answers of a run's winner: the wrong ones, those of one class, those to one example."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from izcore.cli.shared import out
from izcore.engine.error_analysis import OTHER, ClassScores, TestedAnswer, WinnerAnswer


def show_answers(answers: Sequence[WinnerAnswer], *, wrong: bool) -> None:
    """Print answers in a table, or how many there are where all are right."""
    console = out()
    scored = [each for each in answers if each.score is not None]
    shown = [each for each in scored if each.is_wrong] if wrong else scored
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("example", "score"):
        table.add_column(heading, no_wrap=True)
    for heading in ("input", "target", "answer"):
        table.add_column(heading, overflow="fold", ratio=1)
    for each in shown:
        table.add_row(
            f"{each.split} {each.example}",
            f"{each.score:.2f}",
            Text(each.input),
            Text(" | ".join(each.targets)),
            Text("-" if each.answer is None else each.answer),
        )
    if shown:
        console.print(table)
    splits = dict.fromkeys(each.split for each in scored)
    for split in splits:
        own = [each for each in scored if each.split == split]
        bad = sum(each.is_wrong for each in own)
        console.print(f"{split}: {bad} of {len(own)} answers are not fully right.", style="dim")
    if any(each.answer is None and each.split == "test" for each in shown):
        console.print("A dash is an answer that is not kept: older versions kept scores alone.", style="dim")


def show_classes(classes: Sequence[ClassScores]) -> None:
    """Print scores by class, then which class is answered with which."""
    console = out()
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("class", overflow="fold")
    for heading in ("examples", "score", "answered", "precision"):
        table.add_column(heading, justify="right", no_wrap=True)
    for each in classes:
        precision = "-" if each.precision is None else f"{each.precision:.2f}"
        table.add_row(
            Text(each.label), str(each.examples), f"{each.score:.2f}", str(each.answered), precision
        )
    console.print(table)
    console.print()
    mistaken = Table(box=None, padding=(0, 2, 0, 0))
    mistaken.add_column("class", overflow="fold")
    mistaken.add_column("is answered with", overflow="fold")
    for each in classes:
        answered = ", ".join(f"{label} {count}" for label, count in each.confusion.items())
        mistaken.add_row(Text(each.label), Text(answered))
    console.print(mistaken)
    if any(OTHER in each.confusion for each in classes):
        console.print(f"{OTHER} is an answer that names no class, or several.", style="dim")


def show_example(input_: str, targets: Sequence[str], answers: Sequence[TestedAnswer]) -> None:
    """Print one test example, and the answer under each tested instruction."""
    console = out()
    rows = Table.grid(padding=(0, 2))
    rows.add_column(style="dim")
    rows.add_column(overflow="fold")
    rows.add_row("input", Text(input_))
    rows.add_row("target", Text(" | ".join(targets)))
    for each in answers:
        score = "set aside" if each.score is None else f"{each.score:.2f}"
        rows.add_row()
        rows.add_row(Text(each.name), Text(each.instruction or "-", "bold"))
        if each.reasoning:
            rows.add_row("reasoning", Text(each.reasoning))
        rows.add_row("answer", Text("-" if each.answer is None else each.answer))
        rows.add_row("score", score)
    console.print(rows)
