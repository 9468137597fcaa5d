"""The conformance kit, and the kernel's own shape."""

import pytest
import torch

from izcore.plugin import BackendContext
from izcore.testing import Subject, SurrogateConformance
from izcore_botorch.options import SearchOptions
from izcore_kernel.surrogate import Rational


class TestRational(SurrogateConformance):
    """What every surrogate promises."""

    @pytest.fixture
    def subject(self) -> Subject:
        """Say which backend is tested, and with which options."""
        quick = {"proposals": 128, "max_trials": 20}
        return Subject(plugin="izcore_kernel.plugin", name="rational", options=quick)


def test_the_kernel_is_one_at_no_distance_and_falls_with_it() -> None:
    """A correlation: 1 at the same place, less the farther away, never negative."""
    made = Rational(SearchOptions(), BackendContext(seed=0, cache_dir="", data_dir="")).kernel(3)
    places = torch.tensor([[0.0] * 3, [0.3] * 3, [1.0] * 3]).double()
    row = made.forward(places, places)[0].tolist()
    assert row[0] == pytest.approx(1)
    assert row[0] > row[1] > row[2] > 0
