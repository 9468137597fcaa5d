"""``iz runs delete``: forgets a run."""

from typing import Annotated

import typer

from izcore.cli.shared import DbOption, RunArgument, explained, say


@explained
def delete_run(
    run: RunArgument,
    db: DbOption = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete a run and its trials. Answers that were paid for stay in the cache."""
    from izcore.api import open_store

    with open_store(db) as store:
        record = store.run(run)
        if not yes:
            typer.confirm(f"Delete run {record.id} with {record.trials} trials?", abort=True, err=True)
        store.delete_run(record.id)
    say(f"Deleted {record.id}.", err=True)
