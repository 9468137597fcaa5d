import pytest

from izcore.testing import Subject, SurrogateConformance


class TestHill(SurrogateConformance):
    @pytest.fixture
    def subject(self) -> Subject:
        return Subject(plugin="izcore_hill", name="hill")
