"""``iz score``: how good is one instruction?"""

from typing import Annotated

import typer

from izcore.cli.options import (
    ConfigOption,
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
from izcore.cli.shared import DbOption, JsonOption, explained, print_json, registry_of, stdout_kept_clean


@explained
def score(
    context: typer.Context,
    task: TaskArgument,
    instruction: Annotated[
        str, typer.Option("--instruction", metavar="TEXT", help="The instruction to score.")
    ],
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
    """Score one instruction on the test split of TASK, with its 95% confidence interval."""
    from izcore import api
    from izcore.cli.show import show_score
    from izcore.config.layers import parse_assignments
    from izcore.plugin.interrupts import interruptible

    with stdout_kept_clean():
        registry = registry_of(context)
        with interruptible():
            result = api.score(
                task,
                instruction,
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
