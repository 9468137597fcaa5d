"""``iz report``: a run or a comparison as one HTML file."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

import izcore
from izcore.commands import DbOption, say, stdout_kept_clean
from izcore.plugin import UsageError, make_private_file, plain_line, user_path

COMPARISON = "compare-"
"""With this the ids of comparisons begin; those of runs begin with a date."""


def report(
    name: Annotated[
        str,
        typer.Argument(
            metavar="RUN",
            help="A run's id, a unique beginning of it, or 'last'; or the id of a comparison, which begins "
            f"with '{COMPARISON}'.",
        ),
    ] = "last",
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write here (default: the id and .html)."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file if it is there.")] = False,
    db: DbOption = None,
) -> None:
    """Write a run or a comparison as one HTML file that needs no network.

    It shows the result, the answers and how it was found. A run that has not ended is written as far as it
    is, and says so.
    """
    with stdout_kept_clean():
        found, page = _comparison(name, db) if name.startswith(COMPARISON) else _run(name, db)
        file = Path(f"{found}.html") if output is None else user_path(output)
        _check_file(file, overwrite=force)
        write_page(file, page())
    say(str(file))


def _run(name: str, db: str | None) -> tuple[str, Callable[[], str]]:
    """Return a run's id, and what makes its page."""
    run = izcore.run(name, db=db)

    def page() -> str:
        from izcore_web.pages import run_page

        return run_page(run)

    return run.id, page


def _comparison(name: str, db: str | None) -> tuple[str, Callable[[], str]]:
    """Return a comparison's id, and what makes its page; raises UsageError where none of its runs is done."""
    with izcore.Reader(db) as reader:
        record = reader.comparison(name)
        there = {run.id: run for run in reader.summaries()}
        known = {method: [each for each in ids if each in there] for method, ids in record.runs.items()}
        if not any(there[each].status == "done" for ids in known.values() for each in ids):
            raise UsageError(
                f"The comparison {record.id} has no finished run yet.",
                hint="The command that began it goes on with it; iz serve shows how far it is.",
            )
        runs = {method: [reader.run(each) for each in ids] for method, ids in known.items()}

    def page() -> str:
        from izcore_web.pages import comparison_page

        return comparison_page(record, runs)

    return record.id, page


def write_page(file: Path, text: str) -> None:
    """Write a page for its owner alone; raises UsageError where that cannot be."""
    try:
        make_private_file(file)
        file.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise UsageError(
            f"{file}: cannot be written: {error.strerror}.", hint="Choose another file with --output."
        ) from None


def _check_file(file: Path, *, overwrite: bool) -> None:
    """Raise UsageError where a file is in the way and nobody at the terminal lets it be overwritten."""
    if file.is_dir():
        raise UsageError(f"{file}: is a folder.", hint="Name a file with --output.")
    if not file.exists() or overwrite:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"{file}: is there already.", hint="Name another file, or add --force.")
    typer.confirm(plain_line(f"{file} is there already. Overwrite it?"), abort=True, err=True)
