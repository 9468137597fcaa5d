"""``iz db``: the database as a whole."""

from typing import Annotated

import typer

from izcore.cli.options import ForceOption
from izcore.cli.shared import DbOption, explained, say

app = typer.Typer(help="The database of runs and completions.", no_args_is_help=True)


@app.callback()
def database() -> None:
    """Make a group of what has one command only."""


@app.command("backup")
@explained
def backup(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The file to write.")],
    db: DbOption = None,
    force: ForceOption = False,
) -> None:
    """Copy the database, which may be in use, to a file."""
    from izcore.databases import back_up

    back_up(file, db=db, overwrite=force)
    say(f"Wrote {file}.", err=True)
