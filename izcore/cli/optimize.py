"""``iz optimize``, ``iz resume`` and ``iz score``: the main job."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from izcore.cli.shared import (
    DbOption,
    JsonOption,
    RunArgument,
    err,
    explained,
    print_json,
    registry_of,
    stdout_kept_clean,
)

if TYPE_CHECKING:
    from izcore.engine.environment import Environment
    from izcore.plugin.results import RunResult
    from izcore.storage.records import RunRecord

TaskArgument = Annotated[str, typer.Argument(metavar="TASK", help="A task's name (iz tasks list) or a path.")]
ScorerOption = Annotated[
    str | None, typer.Option("--scorer", metavar="NAME[:MODEL]", help="The black-box model.")
]
MetricOption = Annotated[
    str | None, typer.Option("--metric", metavar="NAME[:ARG]", help="How answers are compared with targets.")
]
PresetOption = Annotated[
    str | None, typer.Option("--preset", metavar="NAME", help="Named settings: default, quick, paper …")
]
ConfigOption = Annotated[
    str | None,
    typer.Option("--config", metavar="FILE", help="Settings in TOML; the command line wins over them."),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Any setting, such as search.rounds=3 (may be repeated)."
    ),
]
TemplateOption = Annotated[
    str | None,
    typer.Option(
        "--template", metavar="TEXT", help="Prompt template with {instruction}, {input}, maybe {exemplars}."
    ),
]
MaxCallsOption = Annotated[
    int | None, typer.Option("--max-calls", metavar="N", help="Hard limit of paid calls.", min=1)
]
MaxTokensOption = Annotated[
    int | None, typer.Option("--max-tokens", metavar="N", help="Hard limit of tokens.", min=1)
]
MaxCostOption = Annotated[
    float | None, typer.Option("--max-cost", metavar="USD", help="Hard limit of money.")
]
TrackerOption = Annotated[
    list[str] | None,
    typer.Option(
        "--tracker", metavar="NAME[:ARG]", help="Where else to keep a record of the run (may be repeated)."
    ),
]
NoCacheOption = Annotated[
    bool, typer.Option("--no-cache", help="Ask everything anew; use no answer that another run paid for.")
]
LogFileOption = Annotated[
    Path | None,
    typer.Option("--log-file", metavar="FILE", help="Append one JSON line per call to this file."),
]
LogTextOption = Annotated[bool, typer.Option("--log-text", help="Put prompts and answers into the log, too.")]
SeedOption = Annotated[
    int | None, typer.Option("--seed", metavar="N", help="Decides everything random.", min=0)
]


@explained
def optimize(
    context: typer.Context,
    task: TaskArgument,
    generator: Annotated[
        str | None, typer.Option("--generator", metavar="NAME[:MODEL]", help="Who writes the instructions.")
    ] = None,
    scorer: ScorerOption = None,
    surrogate: Annotated[
        str | None, typer.Option("--surrogate", metavar="NAME", help="What proposes where to look next.")
    ] = None,
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
    max_calls: MaxCallsOption = None,
    max_tokens: MaxTokensOption = None,
    max_cost: MaxCostOption = None,
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
    from izcore.api import settings_layers
    from izcore.cli.show import show_plan
    from izcore.config.layers import build_config, parse_assignments
    from izcore.config.schema import RunConfig
    from izcore.engine.environment import open_environment
    from izcore.engine.plan import plan_run
    from izcore.engine.runner import start_run
    from izcore.engine.warm_start import find_earlier_run

    with stdout_kept_clean():
        registry = registry_of(context)
        layers = settings_layers(
            task,
            generator=generator,
            scorer=scorer,
            surrogate=surrogate,
            metric=metric,
            preset=preset,
            config=config,
            prompt_template=template,
            baselines=baseline or (),
            max_calls=max_calls,
            max_tokens=max_tokens,
            max_cost=max_cost,
            seed=seed,
            cache=False if no_cache else None,
            warm_start=warm_start,
            trackers=tracker or (),
            settings=parse_assignments(set_ or ()),
        )
        built = build_config(registry, layers, RunConfig)
        with open_environment(registry, db=db, report=_report) as environment:
            earlier = find_earlier_run(environment.store, built)
            planned = plan_run(registry, built, environment.paths, earlier=earlier)
            show_plan(err(), registry, planned)
            if not dry_run:
                with _logging(environment, log_file, with_text=log_text):
                    result = _continue(environment, start_run(environment, planned))
    if dry_run:
        if json:
            print_json({"config": planned.config, "estimate": planned.estimate, "notes": planned.plan.notes})
        return
    _present(result, json=json)


@explained
def resume(
    context: typer.Context,
    run: RunArgument,
    max_calls: MaxCallsOption = None,
    max_tokens: MaxTokensOption = None,
    max_cost: MaxCostOption = None,
    log_file: LogFileOption = None,
    log_text: LogTextOption = False,
    db: DbOption = None,
    json: JsonOption = False,
) -> None:
    """Go on with a run that was interrupted, failed or ran out of budget (then with a higher limit)."""
    from izcore.api import change_limits
    from izcore.engine.environment import open_environment
    from izcore.engine.runner import check_resumable

    with stdout_kept_clean(), open_environment(registry_of(context), db=db, report=_report) as environment:
        record = environment.store.run(run)
        check_resumable(environment, record)
        record = change_limits(
            environment, record, max_calls=max_calls, max_tokens=max_tokens, max_cost=max_cost
        )
        with _logging(environment, log_file, with_text=log_text):
            result = _continue(environment, record)
    _present(result, json=json)


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
    from izcore.api import settings_layers
    from izcore.cli.show import show_score
    from izcore.config.layers import build_config, parse_assignments
    from izcore.config.schema import ScoringConfig
    from izcore.engine.environment import open_environment
    from izcore.engine.runner import score_instruction
    from izcore.plugin.interrupts import interruptible

    with stdout_kept_clean():
        registry = registry_of(context)
        layers = settings_layers(
            task,
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
        )
        built = build_config(registry, layers, ScoringConfig)
        with (
            open_environment(registry, db=db, report=_report) as environment,
            _logging(environment, log_file, with_text=log_text),
            interruptible(),
        ):
            result = score_instruction(environment, built, instruction)
    if json:
        print_json(result)
    else:
        show_score(result)


@contextlib.contextmanager
def _logging(environment: "Environment", path: Path | None, *, with_text: bool) -> Iterator[None]:
    from izcore.builtins.call_log import CallLog
    from izcore.plugin.errors import UsageError

    if path is None:
        if with_text:
            raise UsageError("--log-text: there is no log.", hint="Name its file with --log-file FILE.")
        yield
        return
    with CallLog(path, with_text=with_text, clock=environment.clock) as log:
        environment.registry.observe(log, "call log")
        yield


def _continue(environment: "Environment", record: "RunRecord") -> "RunResult":
    from izcore.cli.progress import progress_display
    from izcore.engine.runner import continue_run
    from izcore.plugin.interrupts import interruptible

    err().print(f"Run {record.id}  (Ctrl-C keeps it; go on with: iz resume {record.id})", style="dim")
    with progress_display(err()) as observer, interruptible():
        environment.registry.observe(observer, "progress display")
        return continue_run(environment, record)


def _present(result: "RunResult", *, json: bool) -> None:
    from izcore.cli.show import show_result

    if json:
        print_json(result)
    else:
        show_result(result)


def _report(message: str) -> None:
    err().print(message, style="yellow")
