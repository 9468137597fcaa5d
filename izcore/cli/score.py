"""``iz score``: how good are instructions, and is one good enough?"""

from typing import Annotated

import typer

from izcore.cli.options import (
    ConfigOption,
    InstructionOption,
    LogFileOption,
    LogTextOption,
    MaxCallsOption,
    MaxCostOption,
    MaxTokensOption,
    MetricOption,
    NoCacheOption,
    PresetOption,
    ScorerOption,
    SeedOption,
    SetOption,
    TaskArgument,
    TemplateOption,
)
from izcore.cli.shared import (
    DbOption,
    JsonOption,
    complain,
    explained,
    print_json,
    registry_of,
    stdout_kept_clean,
)

GATE_FAILED = 4
"""The exit code where an instruction does not keep what --fail-under or --not-worse-than asks."""


@explained
def score(
    context: typer.Context,
    task: TaskArgument,
    instruction: InstructionOption = None,
    from_: Annotated[
        list[str] | None,
        typer.Option(
            "--from",
            metavar="RUN",
            help="Score the winner of this run, exactly as it was measured (may be repeated).",
        ),
    ] = None,
    fail_under: Annotated[
        float | None,
        typer.Option("--fail-under", metavar="SCORE", help="End with exit code 4 if a score is under this."),
    ] = None,
    not_worse_than: Annotated[
        str | None,
        typer.Option(
            "--not-worse-than",
            metavar="RUN",
            help="End with exit code 4 unless it is shown that nothing is lost beside this run's winner.",
        ),
    ] = None,
    margin: Annotated[
        float,
        typer.Option("--margin", metavar="SCORE", help="The loss from which --not-worse-than counts one."),
    ] = 0.05,
    scorer: ScorerOption = None,
    metric: MetricOption = None,
    preset: PresetOption = None,
    config: ConfigOption = None,
    set_: SetOption = None,
    template: TemplateOption = None,
    max_calls: MaxCallsOption = None,
    max_tokens: MaxTokensOption = None,
    max_cost: MaxCostOption = None,
    seed: SeedOption = None,
    no_cache: NoCacheOption = False,
    log_file: LogFileOption = None,
    log_text: LogTextOption = False,
    db: DbOption = None,
    json: JsonOption = False,
) -> None:
    """Score instructions on the test split of TASK, with 95% confidence intervals, and compare them in pairs.

    The settings of the run of --from, or of --not-worse-than, hold where no option says otherwise.
    """
    from izcore import api
    from izcore.cli.show import show_score
    from izcore.config.layers import parse_assignments
    from izcore.plugin.interrupts import interruptible

    with stdout_kept_clean():
        registry = registry_of(context)
        with interruptible():
            result = api.score(
                task,
                instruction or (),
                from_runs=from_ or (),
                fail_under=fail_under,
                not_worse_than=not_worse_than,
                margin=margin,
                registry=registry,
                db=db,
                scorer=scorer,
                metric=metric,
                preset=preset,
                config=config,
                prompt_template=template,
                max_calls=max_calls,
                max_tokens=max_tokens,
                max_cost=max_cost,
                seed=seed,
                cache=False if no_cache else None,
                settings=parse_assignments(set_ or ()),
                log_file=log_file,
                log_text=log_text,
            )
    if json:
        print_json(result)
    else:
        show_score(result)
    if not result.passed:
        for gate in result.gates:
            if not gate.passed:
                complain(gate.reason)
        raise typer.Exit(GATE_FAILED)
