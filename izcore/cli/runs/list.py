"""``iz runs list``: all runs, or some of them, in one table."""

from typing import Annotated, get_args

import typer

from izcore.cli.shared import DbOption, JsonOption, explained, print_json, say


@explained
def list_runs(
    task: Annotated[
        str | None, typer.Option("--task", metavar="NAME", help="Only runs on the task of this name.")
    ] = None,
    status: Annotated[
        str | None,
        typer.Option(
            "--status",
            metavar="STATUS",
            help="Only these: done, running, interrupted, failed, out_of_budget.",
        ),
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="N", min=1, help="The newest N of them.")
    ] = None,
    db: DbOption = None,
    json: JsonOption = False,
) -> None:
    """List runs, newest first. One that cannot be read is listed as damaged."""
    # No more than is needed: a list of thousands of runs is read in less time than all of izcore loads.
    from izcore.cli.runs.summary import HEADINGS, cells, summary
    from izcore.config.paths import Paths
    from izcore.plugin.errors import UnknownNameError, nearest_names
    from izcore.plugin.plain_text import plain_line
    from izcore.plugin.results import RunStatus
    from izcore.storage.store import Store

    known = (*get_args(RunStatus), "damaged")
    if status is not None and status not in known:
        raise UnknownNameError(f"--status: there is no status {status!r}.", hint=nearest_names(status, known))
    with Store(Paths.of_this_user().database(db)) as store:
        every = store.summaries()
    runs = [run for run in every if task in (None, run.task) and status in (None, run.status)][:limit]
    if json:
        print_json({"runs": [summary(run) for run in runs]})
        return
    if every and not runs:
        say("No run is like that; without --task and --status all are listed.")
        return
    if not runs:
        say("No runs yet. Start one with: iz optimize TASK")
        return
    rows = [HEADINGS, *(tuple(map(plain_line, cells(run))) for run in runs)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
    say("\n".join(lines))
