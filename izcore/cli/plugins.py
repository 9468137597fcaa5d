"""``iz plugins``: what is installed, from where, and why something did not load."""

from typing import TYPE_CHECKING, Annotated

import typer

from izcore.cli.shared import JsonOption, as_dict, explained, out, print_json, registry_of, stdout_kept_clean

if TYPE_CHECKING:
    from izcore.registry import Registry

LISTED_NAMES = 8

app = typer.Typer(help="Installed plugins and their backends.", no_args_is_help=True)


@app.command("list")
@explained
def list_plugins(context: typer.Context, json: JsonOption = False) -> None:
    """List plugins and what they offer."""
    from rich.table import Table
    from rich.text import Text

    from izcore.registry import KINDS

    with stdout_kept_clean():
        registry = registry_of(context)
    offers: dict[str, list[dict[str, str]]] = {}
    for kind in KINDS:
        for found in registry.backends(kind):
            offers.setdefault(found.plugin.name, []).append({"kind": kind, "name": found.backend.name})
    if json:
        plugins = [{**as_dict(p), "backends": offers.get(p.name, [])} for p in registry.plugins]
        print_json({"plugins": plugins})
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("plugin", "distribution", "status", "offers"):
        table.add_column(heading, overflow="fold", no_wrap=heading != "offers")
    for plugin in registry.plugins:
        mine = offers.get(plugin.name, []) if plugin.status == "loaded" else []
        names = {kind: [o["name"] for o in mine if o["kind"] == kind] for kind in KINDS}
        lines = [f"{kind}s: {_shortened(found)}" for kind, found in names.items() if found]
        text = Text("\n".join(lines)) if mine else Text(plugin.reason, "yellow")
        table.add_row(plugin.name, f"{plugin.distribution} {plugin.version}", plugin.status, text)
    out().print(table)


@app.command("show")
@explained
def show_backend(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A backend's name.")],
    json: JsonOption = False,
) -> None:
    """Show a backend: where it comes from and what options it takes."""
    from rich.table import Table
    from rich.text import Text

    from izcore.errors import UnknownNameError, nearest_names
    from izcore.options import describe_options
    from izcore.registry import KINDS

    with stdout_kept_clean():
        registry = registry_of(context)
    everything = [r for kind in KINDS for r in registry.backends(kind)]
    matches = [r for r in everything if r.backend.name == name]
    if not matches:
        raise UnknownNameError(
            f"There is no backend named {name!r}.",
            hint=nearest_names(name, (r.backend.name for r in everything)),
        )
    if json:
        print_json(
            {
                "backends": [
                    {
                        "kind": r.kind,
                        "name": r.backend.name,
                        "summary": r.backend.summary,
                        "distribution": r.plugin.distribution,
                        "version": r.plugin.version,
                        "options": describe_options(r.backend.options),
                    }
                    for r in matches
                ]
            }
        )
        return
    for r in matches:
        out().print(
            Text(f"{r.kind} {r.backend.name}", "bold"), f"({r.plugin.distribution} {r.plugin.version})"
        )
        out().print(Text(r.backend.summary))
        table = Table(box=None, padding=(0, 2, 0, 0))
        for heading in ("option", "type", "default", "what"):
            table.add_column(heading, overflow="fold")
        for option in describe_options(r.backend.options):
            table.add_row(
                Text(f"{r.key}.{option.name}"),
                Text(option.type),
                Text(option.default),
                Text(option.description),
            )
        if table.row_count:
            out().print(table)
        out().print()


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
        _probe_scorer(context, scorer, set_ or [], json=json)
        return
    from rich.table import Table
    from rich.text import Text

    with stdout_kept_clean():
        findings = _what_does_not_load(registry_of(context))
    if json:
        print_json({"ok": not findings, "findings": findings})
    elif not findings:
        typer.echo("Everything that is installed loads.")
    else:
        table = Table(box=None, padding=(0, 2, 0, 0))
        for heading in ("what", "from", "why", "fix"):
            table.add_column(heading, overflow="fold")
        for finding in findings:
            table.add_row(*(Text(finding[key]) for key in ("what", "from", "why", "fix")))
        out().print(table)
    if findings:
        raise typer.Exit(1)


def _what_does_not_load(registry: "Registry") -> list[dict[str, str]]:
    from izcore.registry import KINDS, import_object

    findings = [
        {"what": f"plugin {p.name}", "from": p.distribution, "why": p.reason, "fix": p.fix}
        for p in registry.plugins
        if p.status == "failed"
    ]
    for kind in KINDS:
        for found in registry.backends(kind):
            try:
                import_object(found.backend.factory)
            except Exception as error:
                findings.append(
                    {
                        "what": f"{kind} {found.backend.name}",
                        "from": found.plugin.distribution,
                        "why": f"{type(error).__name__}: {error}",
                        "fix": found.backend.install or f"pip install {found.plugin.distribution}",
                    }
                )
    return findings


def _probe_scorer(context: typer.Context, spec: str, assignments: list[str], *, json: bool) -> None:
    from izcore.config import parse_assignments
    from izcore.folders import Folders
    from izcore.probe import probe_scorer

    with stdout_kept_clean():
        options = parse_assignments([text.removeprefix("scorer.") for text in assignments])
        probe = probe_scorer(registry_of(context), spec, options, Folders.of_this_user())
    if json:
        print_json(probe)
        return
    cost = "price unknown" if probe.cost_usd is None else f"${probe.cost_usd:.6f}"
    out().print(f"{probe.model} answered in {probe.seconds:.2f} s: {probe.answer!r}", markup=False)
    out().print(f"{probe.tokens.input_tokens} tokens in, {probe.tokens.output_tokens} out; {cost}")


def _shortened(names: list[str]) -> str:
    shown = ", ".join(names[:LISTED_NAMES])
    more = len(names) - LISTED_NAMES
    return f"{shown} and {more} more" if more > 0 else shown
