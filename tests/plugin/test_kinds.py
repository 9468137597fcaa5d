"""The table of kinds is whole, and everything that goes by kind follows it."""

import inspect
from typing import get_args

import pytest

import izcore.plugin
from izcore.plugin import BackendRegistration, hookspecs
from izcore.plugin.kinds import KINDS, Kind, kind_registered_by, plural
from izcore.registry.contributions import KIND_OF, REGISTERING_HOOKS
from izcore.registry.imports import import_object


def test_type_checkers_know_the_kinds_of_the_table() -> None:
    assert get_args(Kind) == tuple(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_has_a_hook_and_public_types_of_its_own(kind: Kind) -> None:
    entry = KINDS[kind]
    assert hasattr(hookspecs, entry.hook)
    returns = inspect.signature(getattr(hookspecs, entry.hook)).return_annotation
    assert returns.__args__ == (entry.registration,)
    assert REGISTERING_HOOKS[entry.hook] is entry.registration
    assert KIND_OF[entry.hook] == kind
    assert kind_registered_by(entry.registration) == kind
    assert getattr(izcore.plugin, entry.registration.__name__) is entry.registration
    # What is built from options can be asked to do something.
    assert (entry.protocol is not None) == issubclass(entry.registration, BackendRegistration)
    if entry.protocol is not None:
        assert getattr(izcore.plugin, entry.protocol.__name__) is entry.protocol
    assert import_object(entry.conformance).kind == kind


def test_every_hook_that_registers_backends_or_commands_is_of_a_kind() -> None:
    registering = {name for name in vars(hookspecs) if name in REGISTERING_HOOKS}
    assert registering - set(KIND_OF) == {"izcore_presets", "izcore_models"}


def test_several_of_a_kind_are_called_as_their_hook_is() -> None:
    assert plural("evaluation_policy") == "evaluation policies"
