import pytest

from izcore.testing import GeneratorConformance, Subject


class TestSlots(GeneratorConformance):
    @pytest.fixture
    def subject(self) -> Subject:
        return Subject(plugin="izcore_slots", name="slots")
