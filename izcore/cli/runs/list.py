"""``iz runs list``: all runs, in one table."""

from izcore.cli.shared import DbOption, JsonOption, explained, out, print_json


@explained
def list_runs(db: DbOption = None, json: JsonOption = False) -> None:
    """List all runs, newest first."""
    import time

    from rich.table import Table

    from izcore import api
    from izcore.cli.runs.render import summary

    records = api.runs(db=db)
    if json:
        print_json({"runs": [summary(record) for record in records]})
        return
    if not records:
        out().print("No runs yet. Start one with: iz optimize TASK")
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("run", "started", "status", "trials", "test", "scorer", "surrogate"):
        table.add_column(heading, no_wrap=heading == "run")
    for record in records:
        best = record.result.best if record.result else None
        test = f"{best.test.score:.2f}" if best and best.test else "-"
        table.add_row(
            record.id,
            time.strftime("%Y-%m-%d %H:%M", time.localtime(record.created)),
            record.status,
            str(record.trials),
            test,
            record.config.scorer.name,
            record.config.surrogate.name,
        )
    out().print(table)
