"""The conformance kit; a generator as small as this one needs no more."""

import pytest

from izcore.testing import GeneratorConformance, Subject


class TestSlots(GeneratorConformance):
    """What every generator promises."""

    @pytest.fixture
    def subject(self) -> Subject:
        """Say which backend is tested, and with which options."""
        return Subject(plugin="izcore_slots", name="slots")
