"""Frozen records with which plugins register what they offer; they import nothing heavy."""

from collections.abc import Mapping
from typing import Any

from izcore.plugin.records import Ask, Options, Record


class Backend(Record):
    """Registers a backend: cheap to make, imports nothing heavy.

    ``factory`` is the import path ``package.module:name`` of a callable ``(options, context)``; it is
    imported when somebody chooses the backend. ``options`` is its :class:`Options` class. In
    ``name:ARGUMENT`` the argument sets the option that ``argument`` names. ``install`` is the command
    that installs what the factory's import may miss. ``paths`` (tasks only) lists the file suffixes
    (``".csv"``; ``"/"`` for a folder) that this backend reads. ``defaults`` overrides option defaults.
    ``models`` lists the options that name a scorer to ask through :class:`BackendContext`. ``probe`` holds
    the options under which ``iz plugins doctor`` asks a scorer that was given no model. ``uses_latents``
    (generators only) is False where instructions do not depend on latents: then no surrogate is needed, and
    the run takes the cheapest.
    """

    name: str
    summary: str
    factory: str
    options: type[Options] = Options
    argument: str = ""
    install: str = ""
    paths: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = {}
    models: tuple[str, ...] = ()
    probe: Mapping[str, Any] = {}
    uses_latents: bool = True


class BackendContext(Record):
    """What every factory receives beside its options: the run's seed and folders it may write to.

    ``ask`` reaches the models that the backend's options name; it is None while a run is only planned.
    """

    seed: int
    cache_dir: str
    data_dir: str
    ask: Ask | None = None


class Preset(Record):
    """Settings under a name, shaped like the TOML configuration.

    Several plugins may add to the same preset; two that set the same key are a conflict, while any
    plugin overrides the core. ``extends`` names a preset whose settings count where this one says nothing.
    """

    name: str
    summary: str
    settings: Mapping[str, Any]
    extends: str = ""


class Model(Record):
    """A model that can be made ready for use without a network, for ``iz models``.

    ``pull`` is the import path of a callable ``(PullRequest) -> PullResult``.
    """

    name: str
    summary: str
    pull: str
    install: str = ""


class PullRequest(Record):
    """Where a model shall be put; ``check`` only looks whether it is there."""

    cache_dir: str
    check: bool = False


class PullResult(Record):
    """Where the model is, and its size in bytes; ``path`` is empty if it is not there."""

    path: str
    bytes: int = 0
