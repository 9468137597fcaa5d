"""``iz report``: a run as one HTML file."""

import sys
from pathlib import Path
from typing import Annotated

import typer

import izcore
from izcore.commands import DbOption, RunArgument, say, stdout_kept_clean
from izcore.plugin import UsageError, make_private_file, plain_line, user_path


def report(
    run: RunArgument = "last",
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write here (default: the run's id and .html)."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file if it is there.")] = False,
    db: DbOption = None,
) -> None:
    """Write a run as one HTML file that needs no network: the result, its answers and how it was found.

    A run that has not ended is written as far as it is, and says so.
    """
    with stdout_kept_clean():
        found = izcore.run(run, db=db)
        file = Path(f"{found.id}.html") if output is None else user_path(output)
        _check_file(file, overwrite=force)
        from izcore_web.pages import run_page

        write_page(file, run_page(found))
    say(str(file))


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
