"""``iz runs show``: one run, or one trial of it."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from izcore.cli.shared import DbOption, JsonOption, RunArgument, explained, print_json, registry_of

if TYPE_CHECKING:
    from izcore.storage.records import RunRecord


@explained
def show_run(
    context: typer.Context,
    run: RunArgument,
    db: DbOption = None,
    json: JsonOption = False,
    trial: Annotated[
        int | None, typer.Option("--trial", metavar="N", help="Show this trial with every answer.")
    ] = None,
    reasoning: Annotated[
        bool, typer.Option("--reasoning", help="With --trial: what the model thought before each answer.")
    ] = False,
) -> None:
    """Show a run: its settings, prompt template, best trials and result."""
    from izcore.cli.runs.render import show_record, show_trial
    from izcore.cli.runs.summary import summary
    from izcore.databases import open_store
    from izcore.plugin.errors import UnknownNameError

    with open_store(db) as store:
        record = store.run(run)
        trials = store.trials(record.id)
    if trial is not None:
        if not 0 <= trial < len(trials):
            has = f"It has trials 0 to {len(trials) - 1}." if trials else "It has no trials yet."
            raise UnknownNameError(f"Run {record.id} has no trial {trial}.", hint=has)
        trials = [trials[trial]]
    if json:
        print_json({**summary(record), **_more(record), "trials_list": trials})
    elif trial is not None:
        show_trial(record, trials[0], reasoning=reasoning)
    else:
        show_record(registry_of(context), record, trials)


def _more(record: "RunRecord") -> dict[str, Any]:
    """What JSON says of one run beside what it says of each in a list."""
    return {"plan": record.plan, "dependencies": record.dependencies, "changes": record.changes}
