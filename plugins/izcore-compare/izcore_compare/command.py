"""``iz compare``: which method finds the better instruction for the same calls?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import izcore
from izcore.commands import (
    CoordinateOption,
    DbOption,
    JsonOption,
    MetricOption,
    ScorerOption,
    SetOption,
    StartOption,
    TaskArgument,
    TemplateOption,
    TrackerOption,
    err,
    out,
    print_json,
    registry_of,
    stdout_kept_clean,
)

if TYPE_CHECKING:
    from izcore_compare.comparison import Comparison
    from izcore_compare.results import ComparisonResult
    from izcore_compare.runs import ComparedRun


def compare(
    context: typer.Context,
    task: TaskArgument,
    methods: Annotated[
        str, typer.Option("--methods", metavar="A,B,…", help="Presets, or TOML files (path ends in .toml).")
    ],
    max_calls: Annotated[
        int, typer.Option("--max-calls", metavar="N", help="Hard limit of calls of each run.", min=1)
    ],
    seeds: Annotated[
        int, typer.Option("--seeds", metavar="N", help="Runs of each method, with seeds 0 to N - 1.", min=1)
    ] = 5,
    generator: Annotated[
        str | None,
        typer.Option("--generator", metavar="NAME[:MODEL]", help="Who writes the instructions, always."),
    ] = None,
    scorer: ScorerOption = None,
    surrogate: Annotated[
        str | None, typer.Option("--surrogate", metavar="NAME", help="What proposes where to look, always.")
    ] = None,
    metric: MetricOption = None,
    set_: SetOption = None,
    template: TemplateOption = None,
    baseline: Annotated[
        list[str] | None,
        typer.Option("--baseline", metavar="TEXT", help="Test this instruction in every run, too."),
    ] = None,
    start: StartOption = None,
    coordinate: CoordinateOption = None,
    tracker: TrackerOption = None,
    workers: Annotated[
        int,
        typer.Option(
            "--workers",
            metavar="N",
            help="Runs at once, each in a process with models of its own; 1 suits local models.",
            min=1,
        ),
    ] = 1,
    executor: Annotated[
        str | None,
        typer.Option(
            "--executor",
            metavar="NAME",
            help="What performs the runs (default: processes for several workers, else sequential).",
        ),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option("--plot", metavar="FILE", help="Draw quality against calls, as .png or .svg."),
    ] = None,
    accept_changes: Annotated[
        bool,
        typer.Option(
            "--accept-changes",
            help="Go on with runs that were begun although something changed that they depend on; their "
            "results will say so.",
        ),
    ] = False,
    db: DbOption = None,
    json: JsonOption = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done and what it may cost.")
    ] = False,
) -> None:
    """Compare methods on TASK: same examples, same seeds, same number of calls.

    The same command goes on where it was stopped, and shows the table at once when all is done.
    """
    from izcore.plugin import interruptible
    from izcore_compare.comparison import executor_for, plan_comparison, plot_comparison, run_comparison
    from izcore_compare.methods import read_methods
    from izcore_compare.progress import comparison_display

    with stdout_kept_clean():
        registry = registry_of(context)
        performing = executor_for(registry, executor, workers)
        comparison = plan_comparison(
            registry,
            read_methods(registry, (name.strip() for name in methods.split(",") if name.strip())),
            izcore.settings_layers(
                task,
                with_own_defaults=False,
                generator=generator,
                scorer=scorer,
                surrogate=surrogate,
                metric=metric,
                prompt_template=template,
                baselines=baseline or (),
                start=start or (),
                coordinates=coordinate or (),
                trackers=tracker or (),
                settings=izcore.parse_assignments(set_ or ()),
            ),
            seeds=seeds,
            max_calls=max_calls,
            db=izcore.database_path(db),
            plot=plot,
            accept_changes=accept_changes,
        )
        waiting = comparison.waiting(registry)
        _show_plan(comparison, waiting)
        if not dry_run:
            with interruptible(), comparison_display(err(), comparison, waiting) as tell:
                result = run_comparison(registry, comparison, waiting, performing, tell)
            if plot is not None:
                plot_comparison(registry, comparison, plot)
                err().print(f"Wrote {plot}", style="dim", soft_wrap=True)
    if dry_run:
        if json:
            _print_estimate(comparison, waiting)
    elif json:
        print_json(result)
    else:
        _show_result(result)
        err().print(f"As a page: iz report {comparison.id}", style="dim", soft_wrap=True)


def _show_plan(comparison: "Comparison", waiting: "list[ComparedRun]") -> None:
    from rich.table import Table
    from rich.text import Text

    from izcore_compare.comparison import estimate_of

    rows = Table.grid(padding=(0, 2))
    rows.add_column(style="dim")
    rows.add_column(overflow="fold")
    splits = comparison.runs[0].planned.plan.splits
    total, seeds = len(comparison.runs), comparison.seeds
    rows.add_row("task", Text(comparison.task))
    rows.add_row(
        "runs", f"{len(comparison.methods)} methods x {seeds} seeds, {total - len(waiting)} done already"
    )
    rows.add_row("test", f"{len(splits.test)} examples, the same for all methods of a seed")
    estimate = estimate_of(waiting)
    expected = estimate.expected
    rows.add_row("expected", _figures(expected.calls, expected.tokens.total, expected.cost_usd))
    rows.add_row("at most", _figures(estimate.calls, estimate.tokens, estimate.cost_usd))
    for note in comparison.notes:
        rows.add_row("note", Text(note, "yellow"))
    err().print(rows)


def _figures(calls: int, tokens: int, cost_usd: float | None) -> str:
    cost = "" if cost_usd is None else f", ${cost_usd:.4f}"
    return f"{calls:,} calls, {tokens:,} tokens{cost}"


def _print_estimate(comparison: "Comparison", waiting: "list[ComparedRun]") -> None:
    from izcore_compare.comparison import estimate_of

    print_json(
        {
            "task": comparison.task,
            "runs": len(comparison.runs),
            "waiting": len(waiting),
            "estimate": estimate_of(waiting),
            "notes": comparison.notes,
        }
    )


def _show_result(result: "ComparisonResult") -> None:
    from rich.table import Table
    from rich.text import Text

    console = out()
    seeds = "1 seed" if result.seeds == 1 else f"{result.seeds} seeds"
    console.print(Text(f"{result.task}: {seeds}, at most {result.max_calls} calls a run", "bold"))
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("method", overflow="fold")
    for heading in ("test score", "95% interval", "calls a run"):
        table.add_column(heading, justify="right", no_wrap=True)
    best = max(method.test.mean for method in result.methods)
    for method in sorted(result.methods, key=lambda method: -method.test.mean):
        test = method.test
        style = "bold green" if test.mean == best else ""
        interval = f"{test.low:.2f} to {test.high:.2f}"
        table.add_row(Text(method.name, style), f"{test.mean:.3f}", interval, str(method.calls))
    console.print(table)
    console.print()
    pairs = Table(box=None, padding=(0, 2, 0, 0))
    pairs.add_column("pair", overflow="fold")
    for heading in ("difference", "p, adjusted"):
        pairs.add_column(heading, justify="right", no_wrap=True)
    for pair in result.pairs:
        pairs.add_row(Text(f"{pair.a} - {pair.b}"), f"{pair.difference:+.3f}", f"{pair.p_value:.2g}")
    console.print(pairs)
    for note in result.notes:
        console.print(Text(note, "yellow"))
    if result.seeds == 1:
        console.print("One seed shows what two winners are worth, not what two methods are.", style="yellow")
