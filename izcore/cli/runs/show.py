"""``iz runs show``: one run, one trial of it, or the answers of its winner."""

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
    wrong: Annotated[
        bool, typer.Option("--wrong", help="Show the winner's answers that are not fully right.")
    ] = False,
    test: Annotated[
        bool, typer.Option("--test", help="Show the winner's answers on the test split; narrows --wrong.")
    ] = False,
    by_class: Annotated[
        bool,
        typer.Option("--by-class", help="Show the test score of each label, and what is taken for what."),
    ] = False,
    example: Annotated[
        int | None,
        typer.Option("--example", metavar="N", help="Show this test example with all answers to it."),
    ] = None,
) -> None:
    """Show a run: its settings, prompt template, best trials and result, or the answers of its winner."""
    from izcore.plugin.errors import UsageError

    views = [trial is not None, wrong or test, by_class, example is not None]
    if sum(views) > 1:
        raise UsageError(
            "--trial, --wrong, --by-class and --example: show different things.", hint="Choose one of them."
        )
    if any(views[1:]):
        _show_answers(run, db, json=json, wrong=wrong, test=test, by_class=by_class, example=example)
    else:
        _show_record(context, run, db, json=json, trial=trial, reasoning=reasoning)


def _show_answers(
    run: str,
    db: str | None,
    *,
    json: bool,
    wrong: bool,
    test: bool,
    by_class: bool,
    example: int | None,
) -> None:
    from izcore import api
    from izcore.cli.runs.answers import show_answers, show_classes, show_example
    from izcore.engine.error_analysis import class_scores, tested_answers, winner_answers

    found = api.run(run, db=db)
    if example is not None:
        input_, targets, told = tested_answers(found, example)
        if json:
            print_json({"run_id": found.id, "input": input_, "targets": targets, "answers": told})
        else:
            show_example(input_, targets, told)
        return
    answers = winner_answers(found, test_alone=test or by_class)
    if by_class:
        classes = class_scores(found, answers)
        if json:
            print_json({"run_id": found.id, "classes": classes})
        else:
            show_classes(classes)
    elif json:
        shown = [each for each in answers if each.is_wrong or not wrong]
        print_json({"run_id": found.id, "answers": shown})
    else:
        show_answers(answers, wrong=wrong)


def _show_record(
    context: typer.Context, run: str, db: str | None, *, json: bool, trial: int | None, reasoning: bool
) -> None:
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
