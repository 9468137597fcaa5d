"""``iz plugins new``: a package to begin a plugin with."""

import shlex
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperGroup

from izcore.cli.shared import JsonOption, explained, print_json, registry_of, say, stdout_kept_clean

if TYPE_CHECKING:
    from izcore.registry.registry import Registry
    from izcore.scaffold import Names


@explained
def new_plugin(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Name of the backend; the package is called izcore-NAME.")
    ],
    kind: Annotated[
        str,
        typer.Option("--kind", metavar="KIND", help="What the plugin offers, such as scorer or metric."),
    ],
    into: Annotated[
        Path, typer.Option("--into", metavar="FOLDER", help="Folder that the package's folder is made in.")
    ] = Path(),
    json: JsonOption = False,
) -> None:
    """Write a package of your own plugin: it installs, works and is tested, and is there to be changed."""
    from izcore.plugin.errors import UnknownNameError, nearest_names
    from izcore.plugin.paths import user_path
    from izcore.scaffold import TEMPLATED_KINDS, read_name, render_package, try_it, write_package

    known = next((each for each in TEMPLATED_KINDS if each == kind), None)
    if known is None:
        raise UnknownNameError(
            f"--kind: there are no templates for the kind {kind!r}.",
            hint=nearest_names(kind, TEMPLATED_KINDS),
        )
    names = read_name(name, known)
    with stdout_kept_clean():
        registry = registry_of(context)
        _check_free(names, registry, _own_commands(context))
    files = render_package(names)
    target = user_path(into) / names.distribution
    write_package(files, target)
    steps = (
        f"cd {shlex.quote(str(target))}",
        'pip install -e ".[test]"',
        "pytest",
        f"iz plugins show {names.backend}",
        " ".join([try_it(names), *_left_open(names, registry)]),
    )
    if json:
        print_json(
            {
                "name": names.backend,
                "kind": names.kind,
                "distribution": names.distribution,
                "package": names.package,
                "folder": target,
                "files": list(files),
                "next": steps,
            }
        )
        return
    say(f"{target} holds the {names.words} {names.backend}, its tests and a README. Next:\n")
    for step in steps:
        say(f"  {step}")


def _check_free(names: "Names", registry: "Registry", own_commands: Collection[str]) -> None:
    """Raise UsageError where ``iz`` itself or something that is installed has one of the names."""
    from importlib.util import find_spec

    from izcore.plugin.errors import UsageError

    owners = {r.backend.name: r.plugin.distribution for r in registry.backends(names.kind)}
    plugins = {name: p.distribution for p in registry.plugins for name in (p.name, p.distribution)}
    owner = plugins.get(names.backend) or plugins.get(names.distribution)
    if names.backend in owners:
        taken = f"{owners[names.backend]} has {names.article} {names.words} named {names.backend!r}"
    elif names.kind == "command" and (names.backend in own_commands or registry.has_command(names.backend)):
        taken = f"iz has a command {names.backend!r} already"
    elif owner:
        taken = f"{owner} is a plugin that is installed"
    elif find_spec(names.package):
        taken = f"there is a package {names.package} already"
    else:
        return
    raise UsageError(f"The name is taken: {taken}.", hint="Choose another name.")


def _own_commands(context: typer.Context) -> Collection[str]:
    root = context.find_root().command
    return root.commands if isinstance(root, TyperGroup) else ()


def _left_open(names: "Names", registry: "Registry") -> list[str]:
    """Return the options that a run needs and no installed plugin's part of the preset answers."""
    from izcore.plugin.kinds import Kind

    if names.kind in ("exporter", "command"):  # they look at a run that is there
        return []
    kinds: tuple[Kind, ...] = ("generator", "scorer")
    chosen = {kind for settings in registry.presets.settings("quick") for kind in settings}
    return [f"--{kind} {kind.upper()}" for kind in kinds if kind not in {*chosen, names.kind}]
