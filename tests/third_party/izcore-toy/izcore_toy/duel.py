"""The toy's command: two configurations, by one run each."""

from typing import Annotated

import typer

import izcore
from izcore.commands import DbOption, JsonOption, TaskArgument, print_json, registry_of, stdout_kept_clean


def duel(
    context: typer.Context,
    task: TaskArgument,
    first: Annotated[str, typer.Argument(metavar="CONFIG", help="A TOML file.")],
    second: Annotated[str, typer.Argument(metavar="CONFIG", help="Another.")],
    db: DbOption = None,
    json: JsonOption = False,
) -> None:
    """Let two configurations run once, and say which did better on the test examples."""
    with stdout_kept_clean():
        registry = registry_of(context)
        scores = {
            config: izcore.optimize(task, config=config, db=db, registry=registry).best.test.score
            for config in (first, second)
        }
    print_json(scores) if json else typer.echo(max(scores, key=scores.get))
