"""``iz runs list``: all runs, in one table."""

from izcore.cli.shared import DbOption, JsonOption, explained, print_json, say


@explained
def list_runs(db: DbOption = None, json: JsonOption = False) -> None:
    """List all runs, newest first. One that cannot be read is listed as damaged."""
    # No more than is needed: a list of thousands of runs is read in less time than all of izcore loads.
    from izcore.cli.runs.summary import HEADINGS, cells, summary
    from izcore.config.paths import Paths
    from izcore.plugin.plain_text import plain_line
    from izcore.storage.store import Store

    with Store(Paths.of_this_user().database(db)) as store:
        runs = store.summaries()
    if json:
        print_json({"runs": [summary(run) for run in runs]})
        return
    if not runs:
        say("No runs yet. Start one with: iz optimize TASK")
        return
    rows = [HEADINGS, *(tuple(map(plain_line, cells(run))) for run in runs)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
    say("\n".join(lines))
