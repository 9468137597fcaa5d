"""What all kinds have in common: finding and building the subject, exemptions, checks of registration."""

import asyncio
import contextlib
import inspect
import pickle
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import msgspec
import pytest

from izcore.plugin.errors import ConfigError
from izcore.plugin.kinds import Kind
from izcore.plugin.options import convert_options, describe_options
from izcore.plugin.records import Ask, Options
from izcore.plugin.registrations import BackendContext, BackendRegistration
from izcore.registry.guards import resolved
from izcore.registry.imports import import_object
from izcore.testing.fresh_process import modules_loaded_by
from izcore.testing.subject import Subject, answering, load_alone, refused_version

T = TypeVar("T")
Make = Callable[[], Any]
"""Builds the subject anew, as a run does."""

HEAVY_MODULES = frozenset(
    (
        *("torch", "tensorflow", "jax", "numpy", "scipy", "sklearn", "pandas", "matplotlib", "datasets"),
        *("huggingface_hub", "pydantic", "httpx", "httpx2", "requests", "aiohttp"),
    )
)
"""What no light module imports, by itself or with an SDK: it would slow down every list of backends."""

LONGEST_SUMMARY = 120


class Conformance:
    """Base of the classes for each kind."""

    kind: ClassVar[Kind]
    methods: ClassVar[tuple[str, ...]]

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        for name, check in {**checks_of(cls), "_exemptions": vars(Conformance)["_exemptions"]}.items():
            if inspect.getattr_static(cls, name, None) is not check:
                raise TypeError(
                    f"{cls.__name__} replaces {name}, a check of the kit. Where a check does not fit, say so "
                    f"with a reason: Subject(…, exempt={{{name!r}: 'why it does not fit'}})."
                )

    @pytest.fixture
    def subject(self) -> Subject:
        """The backend under test; the one fixture that every subclass supplies."""
        pytest.fail("Override the fixture subject: return Subject(plugin=…, name=…).", pytrace=False)

    @pytest.fixture
    def ask(self) -> Ask:
        """What answers where the backend asks a model (``models`` of its registration): it says "1"."""
        return answering(lambda prompt: "1")

    @pytest.fixture
    def context(self, tmp_path: Path, ask: Ask) -> BackendContext:
        """What the backend is told beside its options: seed 0, and folders of the test's own."""
        return BackendContext(
            seed=0, cache_dir=str(tmp_path / "cache"), data_dir=str(tmp_path / "data"), ask=ask
        )

    @pytest.fixture
    def backend(self, subject: Subject) -> BackendRegistration:
        """What the plugin registers under the subject's name."""
        return needs("test_backend_is_found", lambda: subject.find(self.kind))

    @pytest.fixture
    def make(self, subject: Subject, backend: BackendRegistration, context: BackendContext) -> Make:
        """Builds the backend anew with each call."""
        return lambda: needs("test_backend_starts", lambda: subject.build(backend, context))

    @pytest.fixture(autouse=True)
    def _exemptions(self, request: pytest.FixtureRequest, subject: Subject) -> None:
        known = checks_of(type(self))
        for name in subject.exempt:
            if name not in known:
                pytest.fail(f"Subject.exempt names {name!r}, which is no check of a {self.kind}.")
        if request.function.__name__ in subject.exempt:
            pytest.skip(f"exempt: {subject.exempt[request.function.__name__]}")

    # --- registration ----------------------------------------------------------------------------

    def test_api_version_is_declared(self, subject: Subject) -> None:
        """The plugin says with ``IZCORE_API`` which hook API it was written for, and this core has it.

        Otherwise the core leaves it out.
        """
        assert refused_version(subject.plugin) == ""

    def test_hooks_are_registered(self, subject: Subject) -> None:
        """The hooks exist, are marked with ``@hookimpl``, and return lists of the hook's records.

        Otherwise the core leaves the whole plugin out.
        """
        assert load_alone(subject.plugin)[1] == ""

    def test_backend_is_found(self, subject: Subject) -> None:
        """The hook of its kind registers the backend under its name, which is how a user chooses it."""
        refusal = load_alone(subject.plugin)[1]
        if refusal:
            pytest.skip(f"not run, because test_hooks_are_registered fails: {refusal}")
        assert subject.find(self.kind).name == subject.name

    def test_summary_is_a_line(self, backend: BackendRegistration) -> None:
        """The summary tells a user in one line, of at most 120 characters, what the backend does.

        ``iz plugins list`` shows it in a table.
        """
        summary = backend.summary
        assert summary == " ".join(summary.split()), "one line without stray blanks"
        assert len(summary.split()) > 1, "more than a word"
        assert len(summary) <= LONGEST_SUMMARY

    def test_plugin_module_is_light(self, subject: Subject, backend: BackendRegistration) -> None:
        """Importing the plugin's module and calling its hooks loads no library and not the factory's module.

        The module is imported whenever ``iz`` lists what there is. Only a plugin that consists of one module
        has the factory in it.
        """
        loaded = modules_loaded_by(subject.plugin)
        assert not loaded & HEAVY_MODULES
        module = backend.factory.partition(":")[0]
        assert module == subject.plugin or module not in loaded, f"{module} loads without being chosen"

    # --- options ---------------------------------------------------------------------------------

    def test_options_are_accepted(self, subject: Subject, backend: BackendRegistration) -> None:
        """The options are a subclass of ``Options`` and accept what the subject sets."""
        assert issubclass(backend.options, Options)
        subject.chosen_options(backend)

    def test_unknown_options_are_refused(self, subject: Subject, backend: BackendRegistration) -> None:
        """An option that does not exist is refused, not ignored: it is a user's typing mistake."""
        options = needs("test_options_are_accepted", lambda: subject.chosen_options(backend))
        unknown = {**msgspec.to_builtins(options), "no_such_option": 1}
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(unknown, backend.options, strict=False)
        with pytest.raises(ConfigError, match="no_such_option"):
            convert_options(backend.options, unknown, where=self.kind)

    def test_options_explain_themselves(self, backend: BackendRegistration) -> None:
        """Every option has a name, a type, a default and a description, for ``iz plugins show``."""
        described = needs("test_options_are_accepted", lambda: describe_options(backend.options))
        assert [each.name for each in described if not each.description.strip()] == []

    def test_options_travel(self, subject: Subject, backend: BackendRegistration) -> None:
        """Options are the same after the way through the database and to a worker process.

        They go as plain JSON data there, and pickled to the workers of a comparison.
        """
        options = needs("test_options_are_accepted", lambda: subject.chosen_options(backend))
        plain = msgspec.to_builtins(options)
        stored = msgspec.json.decode(msgspec.json.encode(plain))
        assert convert_options(backend.options, stored, where=self.kind) == options
        assert pickle.loads(pickle.dumps(plain)) == plain

    # --- the factory -----------------------------------------------------------------------------

    def test_factory_can_be_imported(self, backend: BackendRegistration) -> None:
        """The registration's ``factory`` is the import path ``package.module:name`` of something callable."""
        assert callable(import_object(backend.factory))

    def test_backend_starts(
        self, subject: Subject, backend: BackendRegistration, context: BackendContext
    ) -> None:
        """The factory takes options and context, also while a run is planned and ``context.ask`` is None.

        What it makes has all methods of its kind; subclassing the protocol supplies those that are optional.
        """
        needs("test_options_are_accepted", lambda: subject.chosen_options(backend))
        needs("test_factory_can_be_imported", lambda: import_object(backend.factory))
        planned = subject.build(backend, msgspec.structs.replace(context, ask=None))
        for made in (planned, subject.build(backend, context)):
            assert [name for name in self.methods if not callable(getattr(made, name, None))] == []


def checks_of(tested: type) -> Mapping[str, Any]:
    """Return the kit's own checks in a class, by name, in the order in which they are written."""
    return {
        name: member
        for base in reversed(tested.__mro__)
        if base.__module__.startswith("izcore.testing.")
        for name, member in vars(base).items()
        if name.startswith("test_")
    }


def needs(check: str, work: Callable[[], T]) -> T:
    """Do what ``check`` looks at; where it fails, skip and say so, for that check fails already."""
    try:
        return work()
    except Exception as error:
        pytest.skip(f"not run, because {check} fails: {type(error).__name__}: {error}")


def finished(result: T | Awaitable[T]) -> T:
    """Return a backend's result, also where its method is ``async def``."""
    return asyncio.run(resolved(result)) if isinstance(result, Awaitable) else result


def travelled(result: T) -> T:
    """Return a record as it comes back from the database; fails where a worker could not be sent it."""
    sent: T = pickle.loads(pickle.dumps(result))
    assert sent == result
    return msgspec.json.decode(msgspec.json.encode(result), type=type(result))


@contextlib.contextmanager
def unchanged(*given: Any) -> Iterator[None]:
    """Fail if what a backend was given is another one afterwards."""
    before = msgspec.json.encode(given)
    yield
    assert msgspec.json.encode(given) == before, "the backend changed what it was given"
