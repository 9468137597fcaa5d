"""``iz tasks``: what there is to optimise for."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from izcore.cli.options import MetricOption, TemplateOption
from izcore.cli.shared import JsonOption, err, explained, out, print_json, registry_of, say, stdout_kept_clean

if TYPE_CHECKING:
    from izcore.config.schema import TaskConfig
    from izcore.plugin.examples import TaskData
    from izcore.registry.registry import Registry

app = typer.Typer(help="Tasks: named ones, and files of your own.", no_args_is_help=True)
TaskArgument = Annotated[str, typer.Argument(metavar="TASK", help="A task's name or a path.")]
TaskSetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="An option of the task, such as task.input=question."),
]


@app.command("list")
@explained
def list_tasks(context: typer.Context, json: JsonOption = False) -> None:
    """List the named tasks, and the kinds of file that can be read."""
    from rich.table import Table

    from izcore.plugin.registrations import TaskRegistration

    with stdout_kept_clean():
        found = registry_of(context).registrations(TaskRegistration)
    if json:
        listed = [
            {
                "name": task.name,
                "summary": task.summary,
                "paths": task.paths,
                "distribution": plugin.distribution,
            }
            for task, plugin in found
        ]
        print_json({"tasks": listed})
        return
    for title, wanted in (("task", False), ("files", True)):
        table = Table(box=None, padding=(0, 2, 0, 0))
        for heading in (title, "what", "from"):
            table.add_column(heading, no_wrap=heading != "what")
        for task, plugin in found:
            if bool(task.paths) is wanted:
                name = " ".join(task.paths) if wanted else task.name
                table.add_row(name, task.summary, plugin.distribution)
        if table.row_count:
            out().print(table)
            out().print()


@app.command("show")
@explained
def show_task(
    context: typer.Context,
    task: TaskArgument,
    set_: TaskSetOption = None,
    template: TemplateOption = None,
    examples: Annotated[int, typer.Option("--examples", min=0, help="How many examples to show.")] = 5,
    json: JsonOption = False,
) -> None:
    """Show a task: its metric, its template, some examples."""
    from rich.table import Table
    from rich.text import Text

    from izcore.engine.metric_advice import advise_metric
    from izcore.engine.splits import split_examples
    from izcore.plugin.target_profile import profile_targets

    with stdout_kept_clean():
        _, config, data, shown_by = _load(context, task, set_, template)
        splits, _ = split_examples(data, config.splits, config.seed)
        # The test split stays sealed: what is read off it would flatter whoever acts on it.
        profile = profile_targets((*splits.demonstrations, *splits.validation))
        notes = (*data.notes, *advise_metric(data.metric, splits))
    if json:
        print_json(
            {
                "name": data.name,
                "description": data.description,
                "metric": data.metric,
                "prompt_template": shown_by,
                "examples": len(data.examples),
                "validation_examples": len(data.validation_examples),
                "test_examples": len(data.test_examples),
                "human_instructions": data.human_instructions,
                "targets": profile,
                "notes": notes,
                "first": data.examples[:examples],
            }
        )
        return
    console = out()
    console.print(Text(data.name, "bold"))
    if data.description:
        console.print(Text(data.description))
    console.print(f"metric {data.metric}; {_counts(data)}")
    console.print(Text(f"targets: {profile.summary}"))
    console.print(Text(f"prompt template {shown_by!r}"))
    for note in notes:
        console.print(Text(note, "yellow"))
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("input", overflow="fold")
    table.add_column("target", overflow="fold")
    for example in data.examples[:examples]:
        table.add_row(Text(example.full_input), Text(" | ".join(example.targets)))
    console.print(table)
    for instruction in data.human_instructions[:3]:
        console.print(Text(f"a person wrote: {instruction}", "dim"))


@app.command("check")
@explained
def check_task(
    context: typer.Context,
    task: TaskArgument,
    set_: TaskSetOption = None,
    template: TemplateOption = None,
    metric: MetricOption = None,
    json: JsonOption = False,
) -> None:
    """Say what is wrong with a task's data, by line, or that it can be used; and whether the metric fits."""
    from izcore.config.paths import Paths
    from izcore.engine.metric_advice import advise_metric
    from izcore.engine.metric_check import check_metric
    from izcore.engine.splits import split_examples

    with stdout_kept_clean():
        registry, config, data, _ = _load(context, task, set_, template)
        splits, split_notes = split_examples(data, config.splits, config.seed)
        chosen = registry.choose("metric", metric or data.metric, {})
        metric_notes = check_metric(registry, chosen, splits.validation, Paths.of_this_user())
        advice = () if metric else advise_metric(data.metric, splits)
        notes = [*data.notes, *split_notes, *advice, *metric_notes]
    sizes = {name: len(getattr(splits, name)) for name in splits.__struct_fields__}
    if json:
        print_json({"name": data.name, "usable": True, "splits": sizes, "notes": notes})
        return
    shown = ", ".join(f"{size} {name}" for name, size in sizes.items())
    say(f"{data.name} can be used: {_counts(data)}; as split: {shown}.")
    for note in notes:
        say(f"  {note}")


@app.command("fetch")
@explained
def fetch_tasks(
    context: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[TASK]...", help="Which; all by default.")
    ] = None,
    from_folder: Annotated[
        str | None,
        typer.Option("--from", metavar="FOLDER", help="Take them from here instead of downloading."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Bring named tasks onto this machine, from their public source or from a folder."""
    from pathlib import Path

    from izcore.config.paths import Paths
    from izcore.plugin.errors import DataError, IzError
    from izcore.plugin.examples import FetchRequest
    from izcore.plugin.registrations import TaskRegistration

    if from_folder is not None and not Path(from_folder).is_dir():
        raise DataError(f"{from_folder}: no such folder.")
    paths = Paths.of_this_user()
    fetched: dict[str, Any] = {}
    missing: dict[str, str] = {}
    with stdout_kept_clean():
        registry = registry_of(context)
        named = [task.name for task, _ in registry.registrations(TaskRegistration) if not task.paths]
        wanted = names or named
        request = FetchRequest(data_dir=str(paths.data), from_folder=from_folder)
        for name in wanted:
            backend = registry.build("task", registry.choose("task", name, {}), paths.context(seed=0))
            try:
                files = backend.fetch(request).files
            except IzError as error:
                if names:
                    raise
                missing[name] = error.message
                continue
            if files:
                fetched[name] = files
                err().print(f"{name}: {len(files)} files")
    if missing and not fetched:
        first = next(iter(missing.values()))
        raise DataError(f"None of {len(missing)} tasks could be fetched: {first}")
    for name, message in missing.items():
        err().print(f"{name}: not fetched: {message}", style="yellow")
    if json:
        print_json({"fetched": fetched, "missing": missing})
    else:
        say(f"{len(fetched)} tasks are ready in {paths.data}.")


def _load(
    context: typer.Context, task: str, assignments: list[str] | None, wanted_template: str | None
) -> tuple["Registry", "TaskConfig", "TaskData", str]:
    """Load a task as runs see it: with registry, configuration, data and the template of its prompts."""
    from izcore.config.layers import build_config, parse_assignments
    from izcore.config.options import settings_layers
    from izcore.config.paths import Paths
    from izcore.config.schema import TaskConfig
    from izcore.engine.plan import load_task
    from izcore.engine.template import choose_template, data_as_shown

    registry = registry_of(context)
    config = build_config(
        registry, settings_layers(task, settings=parse_assignments(assignments or ())), TaskConfig
    )
    data = load_task(registry, config, Paths.of_this_user())
    template = choose_template(data, wanted_template or "", "one-message")
    return registry, config, data_as_shown(data, template), template


def _counts(data: "TaskData") -> str:
    of_their_own = [
        f"{len(examples)} {what}"
        for what, examples in (
            ("validation examples", data.validation_examples),
            ("held-out test examples", data.test_examples),
        )
        if examples
    ]
    return " and ".join([f"{len(data.examples)} examples", *of_their_own])
