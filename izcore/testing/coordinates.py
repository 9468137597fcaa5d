"""Checks of coordinates."""

from collections.abc import Iterator
from contextlib import suppress

from izcore.plugin.coordinates import CoordinateRequest, CoordinateResult, CoordinateValue
from izcore.plugin.errors import UsageError
from izcore.plugin.examples import Example
from izcore.plugin.protocols import Coordinate
from izcore.plugin.target_profile import profile_targets
from izcore.registry.result_checks import misfit
from izcore.testing.backends import BackendConformance, Make
from izcore.testing.conformance import travelled, unchanged

TARGETS = (
    ("yes", "no") * 6,
    tuple(str(number) for number in range(12)),
    ('{"name": "Ann", "age": 3}', '{"name": "Bo", "age": 4}'),
    ("red, green", "blue", "red, black, white"),
    ("Paris", "Rome", "Oslo"),
    ("It is raining again.", "The train was late today."),
)


class CoordinateConformance(BackendConformance):
    """What the core relies on in a coordinate. A task for which it says that nothing fits is left out."""

    kind = "coordinate"
    methods = ("values",)

    def test_it_offers_a_choice(self, make: Make) -> None:
        """There are values, each with a name of its own, and for some task at least two."""
        answered = list(_asked(make()))
        assert [wrong for request, result in answered if (wrong := misfit(request, result))] == []
        assert any(len(result.values) > 1 for _, result in answered)

    def test_the_first_leaves_the_prompt_as_it_is(self, make: Make) -> None:
        """The first value adds nothing, so that a search can find that nothing is best."""
        for _, result in _asked(make()):
            plainest = result.values[0]
            assert plainest == CoordinateValue(name=plainest.name)

    def test_a_mark_is_asked_for(self, make: Make) -> None:
        """Whoever reads the answer behind a mark tells the model in the clause to write it."""
        for _, result in _asked(make()):
            assert all(value.answer_mark in value.clause for value in result.values)

    def test_same_request_same_answer(self, make: Make) -> None:
        """The answer depends on the request alone: a comparison asks again, in another process."""
        coordinate = make()
        for request, result in _asked(coordinate):
            assert coordinate.values(request) == result == make().values(request)

    def test_answers_travel(self, make: Make) -> None:
        """Answers are plain data, the same after the way through the database and to a worker."""
        for _, result in _asked(make()):
            assert travelled(result) == result

    def test_request_is_left_as_it_was(self, make: Make) -> None:
        """A request is not changed."""
        coordinate = make()
        for request in _requests():
            with unchanged(request), suppress(UsageError):
                coordinate.values(request)


def _requests() -> Iterator[CoordinateRequest]:
    """Yield a request for each sort of targets."""
    for targets in TARGETS:
        examples = tuple(Example(input=f"Input {n}", targets=(each,)) for n, each in enumerate(targets))
        yield CoordinateRequest(
            profile=profile_targets(examples),
            demonstrations=examples[:5],
            seed=len(targets),
            placements=("before", "system", "after"),
        )


def _asked(coordinate: Coordinate) -> Iterator[tuple[CoordinateRequest, CoordinateResult]]:
    """Yield the requests that have an answer, with it; at least one has."""
    refusals = []
    for request in _requests():
        try:
            yield request, coordinate.values(request)
        except UsageError as error:
            refusals.append(error)
    assert len(refusals) < len(TARGETS), f"no task has values: {refusals[0].message}"
