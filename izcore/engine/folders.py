"""Finds what a run names by relative paths when it goes on in another folder."""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from izcore.config.layers import BACKEND_KEYS
from izcore.config.schema import RunConfig
from izcore.plugin.errors import UsageError
from izcore.plugin.kinds import Kind
from izcore.plugin.registrations import BackendRegistration, TaskRegistration
from izcore.registry.choices import BackendChoice
from izcore.registry.members import members_option
from izcore.registry.registry import Registry


def found_from(registry: Registry, config: RunConfig, folder: str) -> RunConfig:
    """Return the configuration with relative paths made absolute that lead somewhere from ``folder``.

    Nothing changes where that is the current folder, or not known.
    """
    if not folder or Path(folder) == Path.cwd():
        return config
    for kind in BACKEND_KEYS:
        choice = config.choice_of(kind)
        if choice is not None:
            config = msgspec.structs.replace(config, **{kind: _moved(registry, kind, choice, folder)})
    coordinates = (_moved(registry, "coordinate", choice, folder) for choice in config.coordinates)
    return msgspec.structs.replace(config, coordinates=tuple(coordinates))


@contextlib.contextmanager
def saying_where_it_began(folder: str) -> Iterator[None]:
    """Let errors of what is looked for in vain say in which folder a run began, if it was another one."""
    try:
        yield
    except UsageError as error:
        if folder and Path(folder) != Path.cwd():
            error.hint = f"{error.hint} The run began in {folder}; go on from there.".strip()
        raise


def _moved(registry: Registry, kind: Kind, choice: BackendChoice, folder: str) -> BackendChoice:
    found = _options_found(registry, kind, choice.name, choice.options, folder)
    return BackendChoice(name=choice.name, options=found)


def _options_found(
    registry: Registry, kind: Kind, name: str, options: Mapping[str, Any], folder: str
) -> dict[str, Any]:
    """Return the options with paths that lead somewhere from ``folder``, those of members included."""
    backend = registry.find(kind, name).backend
    found = dict(options)
    for option in _options_with_paths(backend):
        if (given := options.get(option)) and (path := Path(folder) / str(given)).exists():
            found[option] = str(path)
    if several := members_option(backend):
        found[several] = [
            _options_found(registry, kind, str(table["name"]), table, folder) for table in options[several]
        ]
    return found


def _options_with_paths(backend: BackendRegistration) -> tuple[str, ...]:
    reads_files = isinstance(backend, TaskRegistration) and backend.paths and backend.argument
    return (*backend.files, backend.argument) if reads_files else backend.files
