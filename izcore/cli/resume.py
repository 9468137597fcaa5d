"""``iz resume``: goes on with a run."""

from typing import Annotated

import typer

from izcore.cli.options import (
    LogFileOption,
    LogTextOption,
    MaxCallsOption,
    MaxCostOption,
    MaxTokensOption,
)
from izcore.cli.shared import (
    DbOption,
    JsonOption,
    RunArgument,
    err,
    explained,
    registry_of,
    stdout_kept_clean,
)


@explained
def resume(
    context: typer.Context,
    run: RunArgument,
    max_calls: MaxCallsOption = None,
    max_tokens: MaxTokensOption = None,
    max_cost: MaxCostOption = None,
    accept_changes: Annotated[
        bool,
        typer.Option(
            "--accept-changes",
            help="Go on although something changed that the run depends on; its result will say so.",
        ),
    ] = False,
    stop_when_flat: Annotated[
        bool | None,
        typer.Option(
            "--stop-when-flat/--no-stop-when-flat",
            help="Whether to stop where all instructions of the first round score the same; else as before.",
        ),
    ] = None,
    log_file: LogFileOption = None,
    log_text: LogTextOption = False,
    db: DbOption = None,
    json: JsonOption = False,
) -> None:
    """Go on with a run that was interrupted or failed, or that a limit stopped: then raise the limit."""
    from izcore import api
    from izcore.cli.progress import watched
    from izcore.cli.show import present_result

    with stdout_kept_clean():
        registry = registry_of(context)
        with watched(err()) as watching:
            result = api.resume(
                run,
                registry=registry,
                db=db,
                max_calls=max_calls,
                max_tokens=max_tokens,
                max_cost=max_cost,
                accept_changes=accept_changes,
                stop_when_flat=stop_when_flat,
                log_file=log_file,
                log_text=log_text,
                **watching,
            )
    present_result(result, json=json)
