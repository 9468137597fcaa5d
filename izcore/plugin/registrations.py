"""Frozen records with which plugins register what they offer; they import nothing heavy."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, Literal

from izcore.plugin.calls import Ask
from izcore.plugin.protocols import Generator
from izcore.plugin.record import Options, Record


class Registration(Record):
    """What all registrations have in common.

    ``name`` is how users choose it, unique among all of its kind. ``summary`` says in one line what it does.
    ``install`` is the command that installs what importing it may miss.
    """

    name: str
    summary: str
    install: str = ""

    @property
    @abstractmethod
    def imports(self) -> str:
        """The import path ``package.module:name`` of what is imported once somebody chooses it."""


class BackendRegistration(Registration):
    """Registers something that is built from options: cheap to make, imports nothing heavy.

    ``factory`` is the import path ``package.module:name`` of a callable ``(options, context)``; it is
    imported when somebody chooses the backend. ``options`` is its :class:`Options` class. In
    ``name:ARGUMENT`` the argument sets the option that ``argument`` names. ``defaults`` overrides option
    defaults. ``models`` lists the options that name a scorer to ask through :class:`BackendContext`;
    ``most_asks`` is how often such a model is asked at most for one instruction that it writes, or for one
    answer that it grades.

    What a backend does may depend on more than its options and its own version. A run records that, and is
    not gone on with where it changed: ``files`` lists the options that name a file or folder whose content
    matters, ``functions`` those that name a Python function as ``package.module:name``, and ``libraries`` the
    distributions whose versions matter, from one minor version to the next.
    """

    factory: str
    options: type[Options] = Options
    argument: str = ""
    defaults: Mapping[str, Any] = {}
    models: tuple[str, ...] = ()
    most_asks: int = 1
    files: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()

    @property
    def imports(self) -> str:
        """The factory."""
        return self.factory


class GeneratorRegistration(BackendRegistration):
    """Registers a generator.

    ``uses_latents`` is False where instructions do not depend on latents: then a surrogate that learns from
    latents is of no use, and the run takes one that stands in. ``unsteered`` is what the baseline is called
    in results that :meth:`~izcore.plugin.protocols.Generator.write_unsteered` writes; empty for a generator
    that never writes one, so that no budget is kept for it. ``repeats_remedy`` is one sentence that tells
    users which option to change where hardly any sentence of a round is new.

    ``generators`` is the option that names other generators through which this one writes, empty for none:
    a list of ``NAME:ARGUMENT`` and of tables of a name and options, or such names between commas. The core
    checks them, builds them, and hands them over in :class:`BackendContext`. No generator that names others
    can be one of them.

    ``needs`` lists the distributions, beside its own, without which the generator cannot work unless options
    say otherwise. Where one is missing, and nobody asked for this generator but a preset, a run takes one
    that ``stands_in``: one that works wherever there is a scorer.
    """

    uses_latents: bool = True
    unsteered: str = "generator unsteered"
    repeats_remedy: str = ""
    generators: str = ""
    needs: tuple[str, ...] = ()
    stands_in: bool = False


class ScorerRegistration(BackendRegistration):
    """Registers a scorer.

    ``probe`` holds the options under which ``iz plugins doctor`` asks a scorer that was given no model.
    """

    probe: Mapping[str, Any] = {}


class SurrogateRegistration(BackendRegistration):
    """Registers a surrogate.

    ``stands_in`` is True for one that runs may take where latents do not matter: it costs next to nothing and
    learns nothing. ``reads_latents`` is False for one that learns from sentences and coordinates: runs keep
    it also where latents do not matter.
    """

    stands_in: bool = False
    reads_latents: bool = True


class TaskRegistration(BackendRegistration):
    """Registers a task or a file format.

    ``paths`` lists the file suffixes (``".csv"``; ``"/"`` for a folder) that this backend reads.
    """

    paths: tuple[str, ...] = ()


class MetricRegistration(BackendRegistration):
    """Registers a metric."""


class TrackerRegistration(BackendRegistration):
    """Registers a tracker."""


class EvaluationPolicyRegistration(BackendRegistration):
    """Registers an evaluation policy."""


class CoordinateRegistration(BackendRegistration):
    """Registers a coordinate."""


class ExecutorRegistration(BackendRegistration):
    """Registers an executor."""


Exported = Literal["run", "prompt"]
"""What a format is of: a whole run, or the prompt that won it."""


class ExporterRegistration(BackendRegistration):
    """Registers a format.

    ``exports`` says of what: in one of a ``run`` writes ``iz runs export``, in one of the winning ``prompt``
    ``iz export``. ``suffixes`` lists the endings of files (``".csv"``) that are written in this format where
    no other is asked for.
    """

    suffixes: tuple[str, ...] = ()
    exports: Exported = "run"


class CommandRegistration(Registration):
    """Registers a sub-command of ``iz``.

    ``app`` is the import path ``package.module:name`` of a Typer app, or of a function that Typer can make a
    command of; it is imported when somebody types the command. ``function`` is the import path of a Python
    function of the same power, for scripts; it is empty where there is none.
    """

    app: str
    function: str = ""

    @property
    def imports(self) -> str:
        """The app."""
        return self.app


class Backend(Record):
    """The registration of every kind before each kind had its own; deprecated.

    The core converts it to the registration of the hook's kind. A field that the kind does not have is
    refused if it is set.
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
    ``planning`` says that nothing will be asked of the backend but what it would cost, so that a scorer needs
    no key. ``generators`` are those that a generator's options name, in order, by a name that each has alone;
    the budget, the cache and the models of the run are theirs, too. ``function`` is the Python function that
    was given for this backend, where one was.
    """

    seed: int
    cache_dir: str
    data_dir: str
    ask: Ask | None = None
    planning: bool = False
    generators: Mapping[str, Generator] = {}
    function: Callable[..., Any] | None = None


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
