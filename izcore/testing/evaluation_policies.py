"""Checks of evaluation policies."""

import math
from collections.abc import Iterator

import msgspec
import pytest

from izcore.plugin.evaluation import Rung, RungsRequest, StayRequest
from izcore.plugin.protocols import EvaluationPolicy
from izcore.registry.result_checks import misfit
from izcore.testing.backends import BackendConformance, Make
from izcore.testing.conformance import travelled, unchanged

EXAMPLES = 20
INSTRUCTIONS = 8
SIZES = [
    RungsRequest(examples=examples, searched=searched, round=round_)
    for examples in (1, 2, 3, EXAMPLES, 100)
    for searched in (1, 2, INSTRUCTIONS, 300)
    for round_ in (0, 1, 5)
]


class EvaluationPolicyConformance(BackendConformance):
    """What the core relies on in an evaluation policy."""

    kind = "evaluation_policy"
    methods = ("rungs", "stay")

    def test_rungs_rise_to_all_examples(self, make: Make) -> None:
        """Each rung has more examples than the one before, the last has all, however few there are.

        No reduction is below 1.
        """
        policy = make()
        assert [wrong for request in SIZES if (wrong := misfit(request, policy.rungs(request)))] == []

    def test_stay_names_places(self, make: Make) -> None:
        """Those that stay are named by their places in the request, each once."""
        policy = make()
        for request, _ in _comparisons(policy):
            assert misfit(request, policy.stay(request)) == ""

    def test_no_more_stay_than_promised(self, make: Make) -> None:
        """Of n instructions at most n / ``reduction`` stay, rounded up: the estimate relies on it."""
        policy = make()
        for request, rung in _comparisons(policy):
            most = math.ceil(request.compared / rung.reduction)
            assert len(policy.stay(request).indices) <= most

    def test_the_best_stays(self, make: Make) -> None:
        """An instruction that is right where all others are wrong stays, wherever it stands."""
        policy = make()
        for request, rung in _comparisons(policy):
            for place in (0, INSTRUCTIONS - 1):
                scores = tuple((float(i == place),) * rung.examples for i in range(INSTRUCTIONS))
                assert place in policy.stay(msgspec.structs.replace(request, scores=scores)).indices

    def test_same_request_same_answer(self, make: Make) -> None:
        """The answer depends on the request alone: a resumed run asks again, in another process."""
        policy = make()
        for sizes in SIZES:
            assert policy.rungs(sizes) == policy.rungs(sizes) == make().rungs(sizes)
        for request, _ in _comparisons(policy):
            assert policy.stay(request) == policy.stay(request) == make().stay(request)

    def test_no_scores(self, make: Make) -> None:
        """Where a call of every instruction failed, none stays."""
        policy = make()
        for request, _ in _comparisons(policy):
            assert len(policy.stay(msgspec.structs.replace(request, scores=())).indices) == 0

    def test_incumbent(self, make: Make) -> None:
        """There may be a best trial of earlier rounds, with its scores on the same examples."""
        policy = make()
        for request, rung in _comparisons(policy):
            policy.stay(msgspec.structs.replace(request, incumbent=(1.0,) * rung.examples))

    def test_penalties(self, make: Make) -> None:
        """Scores may lie below 0, since penalties for length and cost are taken off."""
        policy = make()
        for request, _ in _comparisons(policy):
            scores = tuple(tuple(score - 1.5 for score in own) for own in request.scores)
            policy.stay(msgspec.structs.replace(request, scores=scores))

    def test_answers_travel(self, make: Make) -> None:
        """Answers are plain data, the same after the way through the database and to a worker."""
        policy = make()
        for sizes in SIZES:
            assert travelled(rungs := policy.rungs(sizes)) == rungs
        for request, _ in _comparisons(policy):
            assert travelled(stay := policy.stay(request)) == stay

    def test_request_is_left_as_it_was(self, make: Make) -> None:
        """A request is not changed."""
        policy = make()
        for request, _ in _comparisons(policy):
            with unchanged(request):
                policy.stay(request)


def _comparisons(policy: EvaluationPolicy) -> Iterator[tuple[StayRequest, Rung]]:
    """Yield a request for each rung but the last, with the rung; skip the check where there is one rung."""
    rungs = policy.rungs(RungsRequest(examples=EXAMPLES, searched=300)).rungs
    if len(rungs) == 1:
        pytest.skip("it compares nothing: all instructions are scored on all examples")
    for number, rung in enumerate(rungs[:-1]):
        scores = tuple(
            tuple(float((place + example) % 3 < place % 3) for example in range(rung.examples))
            for place in range(INSTRUCTIONS)
        )
        request = StayRequest(
            scores=scores,
            compared=INSTRUCTIONS,
            instructions=INSTRUCTIONS,
            rung=number,
            rungs=len(rungs),
        )
        yield request, rung
