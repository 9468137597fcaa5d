"""The kit's checks, and what the model is told."""

import pytest

from izcore.plugin import BackendContext, CoordinateRequest, TargetProfile
from izcore.testing import CoordinateConformance, Subject
from izcore_register import Register, RegisterOptions


class TestRegister(CoordinateConformance):
    """All that the core relies on in a coordinate."""

    @pytest.fixture
    def subject(self) -> Subject:
        """The coordinate, as a user gets it."""
        return Subject(plugin="izcore_register", name="register")


def test_every_reader_is_named() -> None:
    """Each choice but the first tells the model whom to write for."""
    register = Register(
        RegisterOptions(readers=("a child",)), BackendContext(seed=0, cache_dir="", data_dir="")
    )
    request = CoordinateRequest(profile=TargetProfile(n=0), demonstrations=(), seed=0)
    assert [value.clause for value in register.values(request).values] == ["", "Write for a child."]
