"""The conformance kit, and what is special about this metric."""

from pathlib import Path

import pytest

from izcore.plugin import BackendContext, Example, MetricRequest
from izcore.testing import MetricConformance, Subject
from izcore_closeness import Closeness, ClosenessOptions


class TestCloseness(MetricConformance):
    """What every metric promises."""

    @pytest.fixture
    def subject(self) -> Subject:
        """Say which backend is tested, and with which options."""
        return Subject(plugin="izcore_closeness", name="closeness")


def test_a_near_miss_counts_and_a_far_one_does_not(tmp_path: Path) -> None:
    """The nearest target counts, whatever its case; what is far from all of them is worth nothing."""
    context = BackendContext(seed=0, cache_dir=str(tmp_path), data_dir=str(tmp_path))
    metric = Closeness(ClosenessOptions(), context)
    example = Example(input="go", targets=("gone", "went"))
    request = MetricRequest(answers=("Gone", "wend", "xyz"), examples=(example,) * 3)
    assert metric.score(request).scores == (1.0, 0.75, 0.0)
