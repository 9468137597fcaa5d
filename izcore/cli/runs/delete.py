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
    from izcore.databases import open_store
    from izcore.plugin.plain_text import plain_line

    with open_store(db) as store:
        run_id = store.find_id(run)
        if not yes:
            trials = store.progress(run_id).trials
            typer.confirm(plain_line(f"Delete run {run_id} with {trials} trials?"), abort=True, err=True)
        store.delete_run(run_id)
    say(f"Deleted {run_id}.", err=True)
