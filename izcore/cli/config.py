"""``iz config``: the settings of a run to come with where each comes from, and those of a run as a file."""

import typer

from izcore.cli.options import (
    ConfigOption,
    GeneratorOption,
    MetricOption,
    PresetOption,
    ScorerOption,
    SetOption,
    SurrogateOption,
    TaskOrFile,
)
from izcore.cli.shared import DbOption, RunArgument, explained, registry_of, say, stdout_kept_clean

app = typer.Typer(help="Settings: of a run to come, and of one that was.", no_args_is_help=True)


@app.command("show")
@explained
def show(
    context: typer.Context,
    task: TaskOrFile = "",
    generator: GeneratorOption = None,
    scorer: ScorerOption = None,
    surrogate: SurrogateOption = None,
    metric: MetricOption = None,
    preset: PresetOption = None,
    config: ConfigOption = None,
    set_: SetOption = None,
) -> None:
    """Show every setting that a run would have, and where it comes from."""
    from izcore.config.layers import build_config, parse_assignments
    from izcore.config.options import settings_layers
    from izcore.config.schema import RunConfig
    from izcore.config.written import as_toml, named_layers, settings_of, source_of

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
            settings=parse_assignments(set_ or ()),
        )
        found = build_config(registry, layers, RunConfig)
        named = named_layers(found.preset, registry.presets.settings(found.preset), layers)
    say(as_toml(settings_of(found), lambda place: source_of(place, named)), end="")


@app.command("of")
@explained
def of_run(run: RunArgument, db: DbOption = None) -> None:
    """Write the settings of a run as TOML, which --config takes: the same run again."""
    from izcore.config.written import as_toml, settings_of
    from izcore.databases import open_store

    with open_store(db) as store:
        found = store.run(run)
    say(as_toml(settings_of(found.config)), end="")
