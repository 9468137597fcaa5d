"""What all kinds have in common: finding the subject, exemptions, checks of registration."""

import asyncio
import contextlib
import inspect
import pickle
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, ClassVar, TypeVar

import msgspec
import pytest

from izcore.plugin.kinds import Kind
from izcore.plugin.registrations import Registration
from izcore.registry.guards import resolved
from izcore.testing.fresh_process import modules_loaded_by
from izcore.testing.subject import Subject, load_alone, refused_version

T = TypeVar("T")
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
    def backend(self, subject: Subject) -> Registration:
        """What the plugin registers under the subject's name."""
        found: Registration = needs("test_backend_is_found", lambda: subject.find(self.kind))
        return found

    @pytest.fixture(autouse=True)
    def _exemptions(self, request: pytest.FixtureRequest, subject: Subject) -> None:
        known = checks_of(type(self))
        for name in subject.exempt:
            if name not in known:
                pytest.fail(f"Subject.exempt names {name!r}, which is no check of a {self.kind}.")
        if request.function.__name__ in subject.exempt:
            pytest.skip(f"exempt: {subject.exempt[request.function.__name__]}")

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

    def test_summary_is_a_line(self, backend: Registration) -> None:
        """The summary tells a user in one line, of at most 120 characters, what the backend does.

        ``iz plugins list`` shows it in a table.
        """
        summary = backend.summary
        assert summary == " ".join(summary.split()), "one line without stray blanks"
        assert len(summary.split()) > 1, "more than a word"
        assert len(summary) <= LONGEST_SUMMARY

    def test_plugin_module_is_light(self, subject: Subject, backend: Registration) -> None:
        """Importing the plugin's module and calling its hooks loads no library and not what it registers.

        The module is imported whenever ``iz`` lists what there is. Only a plugin that consists of one module
        has the factory in it.
        """
        loaded = modules_loaded_by(subject.plugin)
        assert not loaded & HEAVY_MODULES
        module = backend.imports.partition(":")[0]
        assert module == subject.plugin or module not in loaded, f"{module} loads without being chosen"


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
