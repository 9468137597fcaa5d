"""``iz optimize``: the main job."""

from typing import Annotated

import typer

from izcore.cli.options import (
    ConfigOption,
    CoordinateOption,
    GeneratorOption,
    LogFileOption,
    LogTextOption,
    MaxCallsOption,
    MaxCostOption,
    MaxTimeOption,
    MaxTokensOption,
    MetricOption,
    NoCacheOption,
    PresetOption,
    ScorerOption,
    SeedOption,
    SetOption,
    StartOption,
    SurrogateOption,
    TargetScoreOption,
    TaskOrFile,
    TemplateOption,
    TrackerOption,
)
from izcore.cli.shared import DbOption, JsonOption, err, explained, print_json, registry_of, stdout_kept_clean


@explained
def optimize(
    context: typer.Context,
    task: TaskOrFile = "",
    generator: GeneratorOption = None,
    scorer: ScorerOption = None,
    surrogate: SurrogateOption = None,
    metric: MetricOption = None,
    preset: PresetOption = None,
    config: ConfigOption = None,
    set_: SetOption = None,
    template: TemplateOption = None,
    baseline: Annotated[
        list[str] | None,
        typer.Option(
            "--baseline", metavar="TEXT", help="Your own instruction to compare with (may be repeated)."
        ),
    ] = None,
    start: StartOption = None,
    coordinate: CoordinateOption = None,
    max_calls: MaxCallsOption = None,
    max_tokens: MaxTokensOption = None,
    max_cost: MaxCostOption = None,
    target_score: TargetScoreOption = None,
    max_time: MaxTimeOption = None,
    seed: SeedOption = None,
    warm_start: Annotated[
        str | None,
        typer.Option(
            "--warm-start", metavar="RUN", help="Start with the best instructions of an earlier run."
        ),
    ] = None,
    tracker: TrackerOption = None,
    no_cache: NoCacheOption = False,
    log_file: LogFileOption = None,
    log_text: LogTextOption = False,
    db: DbOption = None,
    json: JsonOption = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done and what it may cost.")
    ] = False,
) -> None:
    """Find the instruction that makes the black-box model do TASK best."""
    from izcore import api
    from izcore.cli.progress import watched
    from izcore.cli.show import present_result, show_plan
    from izcore.config.layers import parse_assignments

    with stdout_kept_clean():
        registry = registry_of(context)
        planned = api.plan(
            task,
            registry=registry,
            db=db,
            generator=generator,
            scorer=scorer,
            surrogate=surrogate,
            metric=metric,
            preset=preset,
            config=config,
            prompt_template=template,
            baselines=baseline or (),
            start=start or (),
            coordinates=coordinate or (),
            max_calls=max_calls,
            max_tokens=max_tokens,
            max_cost=max_cost,
            target_score=target_score,
            max_time=max_time,
            seed=seed,
            cache=False if no_cache else None,
            warm_start=warm_start,
            trackers=tracker or (),
            settings=parse_assignments(set_ or ()),
        )
        show_plan(err(), registry, planned)
        if not dry_run:
            with watched(err(), expected_calls=planned.estimate.likely.calls) as watching:
                result = api.execute(
                    planned, registry=registry, db=db, log_file=log_file, log_text=log_text, **watching
                )
    if not dry_run:
        present_result(result, json=json)
    elif json:
        print_json({"config": planned.config, "estimate": planned.estimate, "notes": planned.plan.notes})
