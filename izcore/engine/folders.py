"""Finds what a run names by relative paths when it goes on in another folder."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from izcore.config.layers import BACKEND_KEYS
from izcore.config.schema import RunConfig
from izcore.plugin.errors import UsageError
from izcore.plugin.registrations import BackendRegistration, TaskRegistration
from izcore.registry.choices import BackendChoice
from izcore.registry.registry import Registry


def found_from(registry: Registry, config: RunConfig, folder: str) -> RunConfig:
    """Return the configuration with relative paths made absolute that lead somewhere from ``folder``.

    Nothing changes where that is the current folder, or not known.
    """
    if not folder or Path(folder) == Path.cwd():
        return config
    for kind in BACKEND_KEYS:
        choice = config.choice_of(kind)
        if choice is None:
            continue
        named = _options_with_paths(registry.find(kind, choice.name).backend)
        found = {
            option: str(path)
            for option in named
            if (given := choice.options.get(option)) and (path := Path(folder) / str(given)).exists()
        }
        if found:
            moved = BackendChoice(name=choice.name, options={**choice.options, **found})
            config = msgspec.structs.replace(config, **{kind: moved})
    return config


@contextlib.contextmanager
def saying_where_it_began(folder: str) -> Iterator[None]:
    """Let errors of what is looked for in vain say in which folder a run began, if it was another one."""
    try:
        yield
    except UsageError as error:
        if folder and Path(folder) != Path.cwd():
            error.hint = f"{error.hint} The run began in {folder}; go on from there.".strip()
        raise


def _options_with_paths(backend: BackendRegistration) -> tuple[str, ...]:
    reads_files = isinstance(backend, TaskRegistration) and backend.paths and backend.argument
    return (*backend.files, backend.argument) if reads_files else backend.files
