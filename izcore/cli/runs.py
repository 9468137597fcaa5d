"""``iz runs``: the record of runs."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from izcore.cli.shared import DbOption, JsonOption, RunArgument, explained, out, print_json, registry_of

if TYPE_CHECKING:
    from izcore.storage.records import RunRecord
    from izcore.storage.store import Store

app = typer.Typer(help="The record of runs.", no_args_is_help=True)


@app.command("list")
@explained
def list_runs(db: DbOption = None, json: JsonOption = False) -> None:
    """List all runs, newest first."""
    import time

    from rich.table import Table

    with _store(db) as store:
        records = store.runs()
    if json:
        print_json({"runs": [_summary(record) for record in records]})
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


@app.command("show")
@explained
def show_run(
    context: typer.Context,
    run: RunArgument,
    db: DbOption = None,
    json: JsonOption = False,
    trial: Annotated[
        int | None, typer.Option("--trial", metavar="N", help="Show this trial with every answer.")
    ] = None,
) -> None:
    """Show a run: settings, prompt template, trials, result."""
    with _store(db) as store:
        record = store.run(run)
        trials = store.trials(record.id)
    if trial is not None:
        from izcore.plugin.errors import UnknownNameError

        if not 0 <= trial < len(trials):
            raise UnknownNameError(
                f"Run {record.id} has no trial {trial}.", hint=f"It has trials 0 to {len(trials) - 1}."
            )
        trials = [trials[trial]]
    if json:
        print_json({**_summary(record), "plan": record.plan, "trials_list": trials})
    elif trial is not None:
        from izcore.cli.show_run import show_trial

        show_trial(record, trials[0])
    else:
        from izcore.cli.show_run import show_record

        show_record(registry_of(context), record, trials)


@app.command("export")
@explained
def export_run(
    run: RunArgument,
    db: DbOption = None,
    format_: Annotated[
        Literal["jsonl", "csv"], typer.Option("--format", help="One line per trial, as JSON or CSV.")
    ] = "jsonl",
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write here instead of standard output."),
    ] = None,
) -> None:
    """Write every trial of a run, one a line."""
    from pathlib import Path

    from izcore.cli.export import trials_as_csv, trials_as_jsonl

    with _store(db) as store:
        record = store.run(run)
        trials = store.trials(record.id)
    text = trials_as_csv(trials) if format_ == "csv" else trials_as_jsonl(trials)
    if output is None:
        typer.echo(text, nl=False)
    else:
        Path(output).write_text(text, encoding="utf-8")


@app.command("delete")
@explained
def delete_run(
    run: RunArgument,
    db: DbOption = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete a run and its trials. Answers that were paid for stay in the cache."""
    with _store(db) as store:
        record = store.run(run)
        if not yes:
            typer.confirm(f"Delete run {record.id} with {record.trials} trials?", abort=True, err=True)
        store.delete_run(record.id)
    typer.echo(f"Deleted {record.id}.", err=True)


def _store(db: str | None) -> "Store":
    from izcore.config.paths import Paths
    from izcore.storage.store import Store

    return Store(Paths.of_this_user().database(db))


def _summary(record: "RunRecord") -> dict[str, Any]:
    return {
        "run_id": record.id,
        "created": record.created,
        "task": record.task,
        "status": record.status,
        "trials": record.trials,
        "seconds": record.seconds,
        "config": record.config,
        "generator_state": record.generator_state,
        "result": record.result,
    }
