"""Generators through which another one writes: how they are named, checked and told apart."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from izcore.plugin.calls import Ask, AskRequest, AskResult
from izcore.plugin.errors import ConfigError
from izcore.plugin.registrations import BackendRegistration, GeneratorRegistration
from izcore.registry.choices import BackendChoice, name_and_options, telling_where

if TYPE_CHECKING:
    from izcore.registry.registry import Registry


def members_option(backend: BackendRegistration) -> str:
    """Return the option that names other generators; empty for a backend that writes through none."""
    return backend.generators if isinstance(backend, GeneratorRegistration) else ""


def choose_members(registry: "Registry", named: object, *, where: str) -> list[dict[str, Any]]:
    """Turn what an option says about other generators into tables of a name and all options.

    Raises ConfigError or UnknownNameError, which name the option and the place in it.
    """
    listed = named.split(",") if isinstance(named, str) else named
    if not isinstance(listed, Sequence) or not listed or listed == [""]:
        raise ConfigError(
            f"{where}: no generator is named.",
            hint=f'Write {where} = ["NAME", {{name = "NAME", OPTION = …}}], or NAME,NAME.',
        )
    tables = [_member(registry, each, where=f"{where}[{place}]") for place, each in enumerate(listed)]
    for place, table in enumerate(tables):
        if table in tables[:place]:
            raise ConfigError(
                f"{where}: {table['name']} is there twice with the same options.",
                hint="Name it once, or give it other options, such as another model.",
            )
    return tables


def members_of(registry: "Registry", choice: BackendChoice) -> dict[str, BackendChoice]:
    """Return the generators through which a chosen generator writes, each by a name of its own, in order."""
    option = members_option(registry.find("generator", choice.name).backend)
    members: dict[str, BackendChoice] = {}
    for table in choice.options.get(option, ()) if option else ():
        name, options = name_and_options(table)
        number = sum(member.name == name for member in members.values()) + 1
        members[name if number == 1 else f"{name}-{number}"] = BackendChoice(name=name, options=options)
    return members


def asking_for(ask: Ask | None, member: str) -> Ask | None:
    """Return what one of several generators asks its models with, so that they are told from the others'."""
    if ask is None:
        return None

    async def asked(request: AskRequest) -> AskResult:
        return await ask(AskRequest(option=f"{member}.{request.option}", prompts=request.prompts))

    return asked


def _member(registry: "Registry", named: object, *, where: str) -> dict[str, Any]:
    name, options = name_and_options(named)
    spec = name.strip()
    if not spec:
        raise ConfigError(
            f"{where}: the name of a generator is wanted, or a table with one, not {named!r}.",
            hint='Write "NAME", "NAME:ARGUMENT" or {name = "NAME", OPTION = …}.',
        )
    with telling_where(where):
        if members_option(registry.find("generator", spec.partition(":")[0]).backend):
            raise ConfigError(
                f"{spec} names other generators itself, and so cannot be one of several.",
                hint="Name its generators here instead.",
            )
        chosen = registry.choose("generator", spec, options)
    return {"name": chosen.name, **chosen.options}
