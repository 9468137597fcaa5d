"""``iz models``: models that can be made ready for use without a network."""

from typing import Annotated, Any

import typer

from izcore.cli.shared import JsonOption, explained, out, print_json, registry_of, say, stdout_kept_clean

app = typer.Typer(help="Models that can be used offline.", no_args_is_help=True)


@app.command("list")
@explained
def list_models(context: typer.Context, json: JsonOption = False) -> None:
    """List the models that can be pulled, and whether they are here."""
    from rich.table import Table

    with stdout_kept_clean():
        listed = [
            {"name": m.name, "summary": m.summary, **_pull(m, check=True)}
            for m in registry_of(context).models()
        ]
    if json:
        print_json({"models": listed})
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("model", "what", "here"):
        table.add_column(heading, overflow="fold")
    for model in listed:
        here = (
            f"{model['path']} ({model['bytes'] / 1e6:.0f} MB)" if model["path"] else "not yet: iz models pull"
        )
        table.add_row(model["name"], model["summary"], here)
    out().print(table)


@app.command("pull")
@explained
def pull_model(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="MODEL", help="A name from iz models list.")],
    json: JsonOption = False,
) -> None:
    """Make a model ready for use without a network."""
    from izcore.plugin.errors import UnknownNameError, nearest_names

    with stdout_kept_clean():
        known = {model.name: model for model in registry_of(context).models()}
        if name not in known:
            raise UnknownNameError(
                f"There is no model named {name!r} to pull.", hint=nearest_names(name, known)
            )
        pulled = _pull(known[name], check=False)
    if json:
        print_json({"name": name, **pulled})
    else:
        say(f"{name} is ready in {pulled['path']}")


def _pull(model: Any, *, check: bool) -> dict[str, Any]:
    from izcore.config.paths import Paths
    from izcore.plugin.errors import BackendUnavailableError
    from izcore.plugin.registrations import PullRequest
    from izcore.registry.imports import import_object

    try:
        pull = import_object(model.pull)
    except ImportError as error:
        raise BackendUnavailableError(
            f"The model {model.name!r} cannot be pulled: {error}",
            hint=f"Install what it needs: {model.install}" if model.install else "",
        ) from None
    result = pull(PullRequest(cache_dir=str(Paths.of_this_user().cache), check=check))
    return {"path": result.path, "bytes": result.bytes}
