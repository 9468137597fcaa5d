"""The conformance kit; a surrogate as small as this one needs no more."""

import pytest

from izcore.testing import Subject, SurrogateConformance


class TestHill(SurrogateConformance):
    """What every surrogate promises."""

    @pytest.fixture
    def subject(self) -> Subject:
        """Say which backend is tested, and with which options."""
        return Subject(plugin="izcore_hill", name="hill")
