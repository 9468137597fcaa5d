"""The kit's checks, and who stays of four instructions."""

import pytest

from izcore.plugin import BackendContext, RungsRequest, StayRequest
from izcore.testing import EvaluationPolicyConformance, Subject
from izcore_once import Once, OnceOptions


class TestOnce(EvaluationPolicyConformance):
    """All that the core relies on in an evaluation policy."""

    @pytest.fixture
    def subject(self) -> Subject:
        """The policy, as a user gets it."""
        return Subject(plugin="izcore_once", name="once")


def test_the_better_half_sees_the_other_examples() -> None:
    """Of four, one of which has a failed call, the two best of the three with scores stay."""
    policy = Once(OnceOptions(share=0.1), BackendContext(seed=0, cache_dir="", data_dir=""))
    rungs = policy.rungs(RungsRequest(examples=20, searched=300)).rungs
    assert [rung.examples for rung in rungs] == [2, 20]
    scores = ((0.0, 0.0), (1.0, 1.0), (1.0, 0.0))
    request = StayRequest(scores=scores, compared=4, instructions=4, rung=0, rungs=2)
    assert policy.stay(request).indices == (1, 2)
