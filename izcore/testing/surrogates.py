"""Checks of surrogates."""

import math
import random
from collections.abc import Sequence

import msgspec
import numpy as np
import pytest

from izcore.plugin.coordinates import CoordinateChoices
from izcore.plugin.errors import UsageError
from izcore.plugin.protocols import Surrogate
from izcore.plugin.registrations import BackendContext
from izcore.plugin.seeds import sobol_latents
from izcore.plugin.trials import Candidate, Latent, SuggestRequest, SuggestResult, Trial
from izcore.registry.result_checks import misfit
from izcore.testing.backends import BackendConformance, Make
from izcore.testing.conformance import travelled, unchanged
from izcore.testing.fresh_process import suggested_elsewhere
from izcore.testing.subject import Subject

Scores = tuple[float | None, ...]

EXAMPLES = 8
"""Validation examples of the histories here."""

USUAL: tuple[Scores, ...] = tuple(
    tuple(float((3 * trial + 5 * example) % 7 < trial % 6) for example in range(EXAMPLES))
    for trial in range(12)
)
"""Scores as a run has them: 0 or 1, some instructions better than others."""


class SurrogateConformance(BackendConformance):
    """What the core relies on in a surrogate, whatever the history."""

    kind = "surrogate"
    methods = ("suggest",)

    @pytest.fixture
    def needs_pool(self) -> bool:
        """Whether it only chooses among instructions that were written beforehand (``search.pool``).

        Then every request here has a pool, of candidates with features.
        """
        return False

    @pytest.fixture
    def latent_dim(self) -> int:
        """The dimension in which most checks ask."""
        return 4

    @pytest.fixture
    def usual(self, latent_dim: int, needs_pool: bool) -> SuggestRequest:
        """A request as a run makes it: five latents after twelve trials."""
        return _request(USUAL, latent_dim, needs_pool, count=5)

    # --- the result ------------------------------------------------------------------------------

    def test_as_many_as_asked(self, make: Make, usual: SuggestRequest) -> None:
        """There are ``count`` latents, each of ``latent_dim`` numbers."""
        latents = make().suggest(usual).latents
        assert [len(latent) for latent in latents] == [usual.latent_dim] * usual.count

    def test_latents_lie_in_the_unit_cube(self, make: Make, usual: SuggestRequest) -> None:
        """Every number is from 0 to 1; the generator maps them to its own box."""
        for latent in make().suggest(usual).latents:
            assert all(0 <= x <= 1 for x in latent), latent

    def test_latents_are_distinct(self, make: Make, usual: SuggestRequest) -> None:
        """No two latents of a batch are equal: the second would teach nothing."""
        latents = make().suggest(usual).latents
        assert len(set(latents)) == len(latents)

    def test_latents_travel(self, make: Make, usual: SuggestRequest) -> None:
        """Latents are the same after the way through the database: tuples of floats, not NumPy's."""
        result = make().suggest(usual)
        assert travelled(result) == result

    # --- a pure function -------------------------------------------------------------------------

    def test_same_request_same_latents(self, make: Make, usual: SuggestRequest) -> None:
        """Asked the same twice, it suggests the same: being asked leaves no trace."""
        surrogate = make()
        assert surrogate.suggest(usual) == surrogate.suggest(usual)

    def test_another_goes_on_where_one_stopped(self, make: Make, usual: SuggestRequest) -> None:
        """After three rounds of suggesting and being told, a new surrogate suggests what the old one does.

        All it knows comes from the history; that is what lets a run resume exactly.
        """
        stayed = make()
        for known in (3, 8):
            stayed.suggest(msgspec.structs.replace(usual, history=usual.history[:known], seed=100 + known))
        assert make().suggest(usual) == stayed.suggest(usual)

    def test_fresh_process_suggests_the_same(
        self, make: Make, subject: Subject, context: BackendContext, usual: SuggestRequest
    ) -> None:
        """A process of its own suggests the same: nothing depends on hashes or addresses."""
        here = make().suggest(usual)
        there = suggested_elsewhere(subject, msgspec.structs.replace(context, ask=None), usual)
        assert msgspec.convert(there, SuggestResult) == here

    def test_another_seed_suggests_others(self, make: Make, usual: SuggestRequest) -> None:
        """A request with another seed gets other latents; rounds and runs differ in it."""
        surrogate = make()
        other = msgspec.structs.replace(usual, seed=usual.seed + 1)
        assert surrogate.suggest(usual) != surrogate.suggest(other)

    def test_global_random_state_is_left_alone(self, make: Make, usual: SuggestRequest) -> None:
        """The generators of ``random`` and ``numpy.random`` are as they were: draw from one of its own."""
        before = _random_state()
        make().suggest(usual)
        assert _random_state() == before

    def test_request_is_left_as_it_was(self, make: Make, usual: SuggestRequest) -> None:
        """Nothing that it is given is changed."""
        with unchanged(usual):
            make().suggest(usual)

    # --- any history -----------------------------------------------------------------------------

    def test_no_trials(self, make: Make, latent_dim: int, needs_pool: bool) -> None:
        """The first round has no history."""
        _check(make(), _request((), latent_dim, needs_pool))

    def test_one_trial(self, make: Make, latent_dim: int, needs_pool: bool) -> None:
        """After one trial there is no spread of scores."""
        _check(make(), _request(USUAL[:1], latent_dim, needs_pool))

    def test_constant_scores(self, make: Make, latent_dim: int, needs_pool: bool) -> None:
        """All instructions may score the same: all right, all wrong, or in between."""
        for score in (0.0, 0.5, 1.0):
            _check(make(), _request([(score,) * EXAMPLES] * 6, latent_dim, needs_pool))

    def test_missing_scores(self, make: Make, latent_dim: int, needs_pool: bool) -> None:
        """A score is None where the call failed; in some trials some are, in some all."""
        rows: list[Scores] = [(None, *row[1:]) if n % 2 else row for n, row in enumerate(USUAL[:6])]
        _check(make(), _request([*rows, (None,) * EXAMPLES], latent_dim, needs_pool))

    def test_no_scores_at_all(self, make: Make, latent_dim: int, needs_pool: bool) -> None:
        """Every call may have failed so far, or every instruction may have been refused."""
        _check(make(), _request([(None,) * EXAMPLES] * 6, latent_dim, needs_pool))
        _check(make(), _request([(), ()], latent_dim, needs_pool))

    def test_partial_scores(self, make: Make, latent_dim: int, needs_pool: bool) -> None:
        """Trials have fewer scores than others where an instruction left a comparison early.

        They have none where it was refused.
        """
        rows = [row[: EXAMPLES >> number % 4] for number, row in enumerate(USUAL[:6])]
        _check(make(), _request([*rows, ()], latent_dim, needs_pool))

    def test_repeated_instructions(self, make: Make, latent_dim: int, needs_pool: bool) -> None:
        """Many latents write the same sentence; such trials reuse the scores of the first."""
        request = _request([*USUAL[:4], USUAL[0], USUAL[0]], latent_dim, needs_pool)
        first = request.history[0]
        copies = [
            msgspec.structs.replace(
                trial,
                candidate=msgspec.structs.replace(first.candidate, latent=trial.candidate.latent),
                reused=0,
            )
            for trial in request.history[4:]
        ]
        _check(make(), msgspec.structs.replace(request, history=(*request.history[:4], *copies)))

    def test_equal_latents(self, make: Make, latent_dim: int, needs_pool: bool) -> None:
        """The same latent may have been tried several times, with different scores."""
        request = _request(USUAL[:6], latent_dim, needs_pool)
        place = request.history[0].candidate.latent
        moved = tuple(
            msgspec.structs.replace(trial, candidate=msgspec.structs.replace(trial.candidate, latent=place))
            for trial in request.history
        )
        _check(make(), msgspec.structs.replace(request, history=moved))

    def test_penalties(self, make: Make, latent_dim: int, needs_pool: bool) -> None:
        """A trial's objective is its mean score less a penalty, and may be below 0."""
        request = _request([(0.0,) * EXAMPLES, *USUAL[:5]], latent_dim, needs_pool)
        dearer = tuple(
            msgspec.structs.replace(trial, penalty=0.1 * trial.index + 0.1) for trial in request.history
        )
        _check(make(), msgspec.structs.replace(request, history=dearer))

    def test_one_dimension(self, make: Make, needs_pool: bool) -> None:
        """A latent may be a single number."""
        _check(make(), _request(USUAL[:6], 1, needs_pool))

    def test_ten_dimensions(self, make: Make, needs_pool: bool) -> None:
        """A latent may have ten numbers, as in the published search, and more than there are trials."""
        _check(make(), _request(USUAL[:6], 10, needs_pool))

    def test_initial_design(self, make: Make, latent_dim: int, needs_pool: bool) -> None:
        """Trials are fewer than the run's initial design until that is complete."""
        request = _request(USUAL[:6], latent_dim, needs_pool)
        _check(make(), msgspec.structs.replace(request, initial=25))

    def test_nothing_asked(self, make: Make, latent_dim: int, needs_pool: bool) -> None:
        """Asked for no latent, it suggests none: a pool may be used up."""
        assert make().suggest(_request(USUAL[:6], latent_dim, needs_pool, count=0)).latents == ()

    def test_pool(self, make: Make, latent_dim: int) -> None:
        """With a pool of written instructions it works as well, also where all that is left is asked for.

        A suggested latent stands for the nearest candidate, so one that knows nothing of pools may go on.
        """
        request = _request(USUAL[:6], latent_dim, True)
        _check(make(), request)
        _check(make(), msgspec.structs.replace(request, pool=request.pool[: request.count]))

    def test_sentences_at_hand(self, make: Make, latent_dim: int, needs_pool: bool) -> None:
        """With coordinates, sentences at hand and trials without a latent it works as well.

        One that knows nothing of them may go on; one that names sentences names such as are there, and the
        same ones for the same request.
        """
        request = _with_coordinates(_request(USUAL[:8], latent_dim, needs_pool))
        _check(make(), request)
        assert make().suggest(request) == make().suggest(request)

    def test_without_a_pool_it_says_so(self, make: Make, latent_dim: int, needs_pool: bool) -> None:
        """One that needs a pool raises UsageError without any, to say how to get one."""
        if not needs_pool:
            pytest.skip("needs no pool")
        with pytest.raises(UsageError):
            make().suggest(_request(USUAL[:6], latent_dim, False))


def _request(rows: Sequence[Scores], latent_dim: int, with_pool: bool, *, count: int = 3) -> SuggestRequest:
    """Return a request after trials with these scores.

    The pool holds candidates that were not tried. Three latents wrote what three others wrote, too.
    """
    candidates = [
        _candidate(number, latent)
        for number, latent in enumerate(sobol_latents(len(rows) + 15, latent_dim, 3))
    ]
    history = tuple(
        Trial(index=index, round=index // 5, candidate=candidates[index], scores=scores)
        for index, scores in enumerate(rows)
    )
    pool = tuple(candidates[len(rows) :]) if with_pool else ()
    others = zip(candidates[len(rows) - 1 :], sobol_latents(3, latent_dim, 4), strict=False)
    repeating = [msgspec.structs.replace(candidate, latent=latent) for candidate, latent in others]
    return SuggestRequest(
        history=history,
        count=count,
        latent_dim=latent_dim,
        seed=17,
        pool=pool,
        written=(*candidates, *repeating) if with_pool else (),
    )


def _candidate(number: int, latent: Latent) -> Candidate:
    verb, how = ("Write", "Say", "Give", "Name")[number % 4], ("plural", "answer", "word")[number % 3]
    features = tuple(math.sin((number + 1) * (place + 1)) for place in range(6))
    return Candidate(latent=latent, instruction=f"{verb} the {how}, number {number}.", features=features)


def _with_coordinates(request: SuggestRequest) -> SuggestRequest:
    """Return a request with two coordinates more, in which the first two trials are of the user's own."""
    offered = {"form": ("none", "short", "long"), "place": ("first", "last")}
    coordinates = tuple(CoordinateChoices(name=name, values=values) for name, values in offered.items())

    def completed(candidate: Candidate, number: int) -> Candidate:
        places = {name: number % len(values) for name, values in offered.items()}
        chosen = tuple((name, offered[name][place]) for name, place in places.items())
        numbers = tuple((place + 0.5) / len(offered[name]) for name, place in places.items())
        return msgspec.structs.replace(
            candidate,
            latent=(*candidate.latent, *numbers),
            body=candidate.instruction,
            instruction=" ".join((candidate.instruction, *(value for _, value in chosen))),
            coordinates=chosen,
        )

    trials = [
        msgspec.structs.replace(trial, candidate=completed(trial.candidate, number))
        for number, trial in enumerate(request.history)
    ]
    written = [trial.candidate for trial in request.history]
    own = [msgspec.structs.replace(body, latent=(), features=()) for body in written[:2]]
    return msgspec.structs.replace(
        request,
        history=tuple(trials[2:]),
        latent_dim=request.latent_dim + len(coordinates),
        pool=tuple(completed(candidate, number) for number, candidate in enumerate(request.pool)),
        coordinates=coordinates,
        bodies=(*own, *written[2:], *request.pool),
        unplaced=tuple(
            msgspec.structs.replace(
                trial, candidate=msgspec.structs.replace(trial.candidate, latent=(), features=())
            )
            for trial in trials[:2]
        ),
    )


def _check(surrogate: Surrogate, request: SuggestRequest) -> None:
    result = surrogate.suggest(request)
    assert misfit(request, result) == ""
    assert all(0 <= x <= 1 for latent in result.latents for x in latent)
    suggested = list(zip(result.latents, result.bodies or (None,) * request.count, strict=True))
    assert len(set(suggested)) == len(suggested)


def _random_state() -> tuple[object, ...]:
    state = np.random.get_state(legacy=False)
    assert isinstance(state, dict)
    return random.getstate(), state["state"]["key"].tobytes(), state["state"]["pos"]
