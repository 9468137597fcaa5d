"""``iz plugins``: what is installed, from where, what it offers, and why something did not load."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from izcore.cli.shared import (
    JsonOption,
    as_dict,
    explained,
    out,
    print_json,
    registry_of,
    say,
    stdout_kept_clean,
)

if TYPE_CHECKING:
    from rich.table import Table

    from izcore.registry.choices import Registered
    from izcore.registry.discovery import PluginInfo
    from izcore.registry.registry import Registry

LISTED_NAMES = 8

app = typer.Typer(help="Installed plugins and their backends.", no_args_is_help=True)


@app.command("list")
@explained
def list_plugins(context: typer.Context, json: JsonOption = False) -> None:
    """List plugins: where they come from, their hook API, and what they offer or why they did not load."""
    from rich.text import Text

    with stdout_kept_clean():
        registry = registry_of(context, failures_shown=True)
    if json:
        print_json({"plugins": [_described(registry, plugin) for plugin in registry.plugins]})
        return
    table = _table("plugin", "distribution", "api", "status", "offers")
    for plugin in registry.plugins:
        offers = [f"{what}: {_shortened(names)}" for what, names in _offers(registry, plugin).items()]
        text = Text("\n".join(offers)) if offers else Text(_why(plugin), "yellow")
        origin = Text(f"{plugin.distribution} {plugin.version}")
        table.add_row(Text(plugin.name), origin, _api(plugin), plugin.status, text)
    out().print(table)


@app.command("show")
@explained
def show(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A backend's, plugin's or distribution's name.")
    ],
    json: JsonOption = False,
) -> None:
    """Show a backend, or all that a plugin offers: where it comes from and what options it takes."""
    from izcore.plugin.errors import UnknownNameError, nearest_names
    from izcore.plugin.kinds import KINDS

    with stdout_kept_clean():
        registry = registry_of(context, failures_shown=True)
    everything = [r for kind in KINDS for r in registry.backends(kind)]
    plugins = [plugin for plugin in registry.plugins if plugin.answers_to([name])]
    backends = [r for r in everything if r.backend.name == name or r.plugin in plugins]
    if not plugins and not backends:
        known = [r.backend.name for r in everything] + [plugin.name for plugin in registry.plugins]
        raise UnknownNameError(
            f"There is no backend or plugin named {name!r}.", hint=nearest_names(name, known)
        )
    if json:
        print_json(
            {
                "plugins": [_described(registry, plugin) for plugin in plugins],
                "backends": [_described_backend(r) for r in backends],
            }
        )
        return
    for plugin in plugins:
        _show_plugin(registry, plugin)
    for registered in backends:
        _show_backend(registered)


@app.command("doctor")
@explained
def doctor(
    context: typer.Context,
    scorer: Annotated[
        str | None,
        typer.Argument(metavar="[SCORER[:MODEL]]", help="Send one tiny request through this scorer."),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="An option of the scorer, such as base_url=URL."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Check that every backend loads, or that a scorer answers. Exit code 1 if something does not work."""
    if scorer is not None:
        _check_scorer(context, scorer, set_ or [], json=json)
        return
    from rich.text import Text

    with stdout_kept_clean():
        findings = _what_does_not_load(registry_of(context, failures_shown=True))
    if json:
        print_json({"ok": not findings, "findings": findings})
    elif not findings:
        say("Everything that is installed loads.")
    else:
        table = _table("what", "from", "why", "fix")
        for finding in findings:
            table.add_row(*(Text(finding[key]) for key in ("what", "from", "why", "fix")))
        out().print(table)
    if findings:
        raise typer.Exit(1)


def _offers(registry: "Registry", plugin: "PluginInfo") -> dict[str, list[str]]:
    """Names of what a plugin offers, by what it is: those of a kind, presets, models, observed events."""
    from izcore.plugin.kinds import plural
    from izcore.plugin.registrations import Model, Preset

    contributed = registry.contributions(plugin)
    offers: dict[str, list[str]] = {}
    for kind, registration in contributed.registrations():
        offers.setdefault(plural(kind), []).append(registration.name)
    offers["presets"] = [preset.name for preset in contributed.of(Preset)]
    offers["models"] = [model.name for model in contributed.of(Model)]
    offers["observes"] = [hook.removeprefix("izcore_") for hook in contributed.observes]
    return {what: names for what, names in offers.items() if names}


def _described(registry: "Registry", plugin: "PluginInfo") -> dict[str, Any]:
    from izcore.plugin.registrations import CommandRegistration, Model, Preset

    contributed = registry.contributions(plugin)
    return {
        **as_dict(plugin),
        "backends": [{"kind": kind, "name": backend.name} for kind, backend in contributed.backends()],
        "commands": [command.name for command in contributed.of(CommandRegistration)],
        "presets": [preset.name for preset in contributed.of(Preset)],
        "models": [model.name for model in contributed.of(Model)],
        "observes": contributed.observes,
    }


def _described_backend(registered: "Registered") -> dict[str, Any]:
    from izcore.plugin.options import describe_options

    backend, plugin = registered.backend, registered.plugin
    return {
        "kind": registered.kind,
        "name": backend.name,
        "summary": backend.summary,
        "plugin": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "api_version": plugin.api_version,
        "options": describe_options(backend.options),
    }


def _show_plugin(registry: "Registry", plugin: "PluginInfo") -> None:
    from rich.text import Text

    from izcore.plugin.registrations import CommandRegistration, Model, Preset

    out().print(Text(f"plugin {plugin.name}", "bold"), f"({plugin.distribution} {plugin.version})")
    out().print(Text(f"hook API {_api(plugin)}, {plugin.status}"))
    if plugin.reason:
        out().print(Text(_why(plugin), "yellow"))
    contributed = registry.contributions(plugin)
    named = [("command", each.name, each.summary) for each in contributed.of(CommandRegistration)]
    named += [("preset", each.name, each.summary) for each in contributed.of(Preset)]
    named += [("model", each.name, each.summary) for each in contributed.of(Model)]
    for what, name, summary in named:
        out().print(Text(f"{what} {name}: {summary}"))
    if contributed.observes:
        out().print(Text(f"observes {', '.join(_offers(registry, plugin)['observes'])}"))
    out().print()


def _show_backend(registered: "Registered") -> None:
    from rich.text import Text

    from izcore.plugin.kinds import words
    from izcore.plugin.options import describe_options

    kind, backend, plugin = registered.kind, registered.backend, registered.plugin
    origin = f"({plugin.distribution} {plugin.version}, hook API {_api(plugin)})"
    out().print(Text(f"{words(kind)} {backend.name}", "bold"), origin)
    out().print(Text(backend.summary))
    table = _table("option", "type", "default", "what")
    for option in describe_options(backend.options):
        cells = (f"{registered.key}.{option.name}", option.type, option.default, option.description)
        table.add_row(*map(Text, cells))
    if table.row_count:
        out().print(table)
    out().print()


def _what_does_not_load(registry: "Registry") -> list[dict[str, str]]:
    from izcore.plugin.kinds import words
    from izcore.plugin.registrations import Model
    from izcore.registry.imports import import_object

    findings = [
        {"what": f"plugin {p.name}", "from": p.distribution, "why": p.reason, "fix": p.fix}
        for p in registry.plugins
        if p.status == "failed"
    ]
    for plugin in registry.plugins:
        contributed = registry.contributions(plugin)
        parts = [(f"{words(k)} {r.name}", r.imports, r.install) for k, r in contributed.registrations()]
        parts += [(f"model {m.name}", m.pull, m.install) for m in contributed.of(Model)]
        for what, path, install in parts:
            try:
                import_object(path)
            except (Exception, SystemExit) as error:
                findings.append(
                    {
                        "what": what,
                        "from": plugin.distribution,
                        "why": f"{type(error).__name__}: {error}",
                        "fix": install or f"pip install {plugin.distribution}",
                    }
                )
    return findings


def _check_scorer(context: typer.Context, spec: str, assignments: list[str], *, json: bool) -> None:
    from izcore.config.layers import parse_assignments
    from izcore.config.paths import Paths
    from izcore.engine.scorer_check import check_scorer

    with stdout_kept_clean():
        options = parse_assignments([text.removeprefix("scorer.") for text in assignments])
        probe = check_scorer(registry_of(context), spec, options, Paths.of_this_user())
    if json:
        print_json(probe)
        return
    cost = "price unknown" if probe.cost_usd is None else f"${probe.cost_usd:.6f}"
    out().print(f"{probe.model} answered in {probe.seconds:.2f} s: {probe.answer!r}")
    out().print(f"{probe.tokens.input_tokens} tokens in, {probe.tokens.output_tokens} out; {cost}")


def _table(*headings: str) -> "Table":
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in headings:
        table.add_column(heading, overflow="fold", no_wrap=heading in ("plugin", "api", "status"))
    return table


def _api(plugin: "PluginInfo") -> str:
    return "?" if plugin.api_version is None else str(plugin.api_version)


def _why(plugin: "PluginInfo") -> str:
    return f"{plugin.reason}. Fix: {plugin.fix}" if plugin.fix else plugin.reason


def _shortened(names: list[str]) -> str:
    shown = ", ".join(names[:LISTED_NAMES])
    more = len(names) - LISTED_NAMES
    return f"{shown} and {more} more" if more > 0 else shown
