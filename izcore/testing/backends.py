"""What all kinds have in common whose backends are built from options: options, and the factory."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest

from izcore.plugin.calls import Ask
from izcore.plugin.errors import ConfigError
from izcore.plugin.options import convert_options, describe_options
from izcore.plugin.record import Options
from izcore.plugin.registrations import BackendContext, BackendRegistration
from izcore.registry.imports import import_object
from izcore.testing.conformance import Conformance, needs
from izcore.testing.subject import Subject, answering

Make = Callable[[], Any]
"""Builds the subject anew, as a run does."""


class BackendConformance(Conformance):
    """Base of the classes for the kinds that are built from options: all but commands."""

    methods: ClassVar[tuple[str, ...]]

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
    def make(self, subject: Subject, backend: BackendRegistration, context: BackendContext) -> Make:
        """Builds the backend anew with each call."""
        return lambda: needs("test_backend_starts", lambda: subject.build(backend, context))

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
