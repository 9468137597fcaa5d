"""What the loop relies on, whatever the history: enough latents, in the box, apart, and always the same."""

import random
import subprocess
import sys
import time
import warnings
from collections.abc import Callable

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from izcore.plugin import (
    BackendContext,
    BackendError,
    Candidate,
    Latent,
    SuggestRequest,
    SuggestResult,
    Surrogate,
    Trial,
    sobol_latents,
)
from izcore_sklearn import search
from izcore_sklearn.forest import ForestSurrogate
from izcore_sklearn.gaussian_process import GaussianProcessSurrogate
from izcore_sklearn.options import ForestOptions, GaussianProcessOptions

CONTEXT = BackendContext(seed=0, cache_dir="", data_dir="")
SURROGATES: dict[str, Callable[[], Surrogate]] = {
    "sklearn-gp": lambda: GaussianProcessSurrogate(
        GaussianProcessOptions(proposals=256, restarts=1, max_trials=20), CONTEXT
    ),
    "sklearn-forest": lambda: ForestSurrogate(ForestOptions(proposals=256, trees=10, max_trials=20), CONTEXT),
}
every_surrogate = pytest.mark.parametrize("make", SURROGATES.values(), ids=SURROGATES.keys())


def trial(index: int, latent: Latent, scores: tuple[float | None, ...], instruction: str = "") -> Trial:
    return Trial(
        index=index,
        round=0,
        candidate=Candidate(latent=latent, instruction=instruction or f"instruction {index}"),
        scores=scores,
    )


def history_of(scores: list[tuple[float | None, ...]], latent_dim: int = 3) -> tuple[Trial, ...]:
    latents = sobol_latents(len(scores), latent_dim, 11)
    return tuple(trial(index, latents[index], scores[index]) for index in range(len(scores)))


def check(request: SuggestRequest, result: SuggestResult) -> None:
    latents = np.array(result.latents).reshape(-1, request.latent_dim)
    assert len(result.latents) == request.count
    assert all(type(x) is float for latent in result.latents for x in latent)
    assert ((latents >= 0) & (latents <= 1)).all()
    tried = [t.candidate.latent for t in request.history]
    for index, latent in enumerate(latents):
        others = np.array([*tried, *result.latents[:index]]).reshape(-1, request.latent_dim)
        assert (np.abs(others - latent).max(axis=1) > 1e-6).all()


def random_state() -> tuple[object, ...]:
    state = np.random.get_state(legacy=False)
    assert isinstance(state, dict)
    return random.getstate(), state["state"]["key"].tobytes(), state["state"]["pos"]


@st.composite
def requests(draw: st.DrawFn) -> SuggestRequest:
    latent_dim = draw(st.integers(1, 12))
    coordinate = st.one_of(st.sampled_from([0.0, 0.5, 0.5 + 1e-7, 1.0]), st.floats(0, 1))
    score = st.one_of(st.none(), st.sampled_from([0.0, 1.0]), st.floats(0, 1))
    history: list[Trial] = []
    for index in range(draw(st.integers(0, 30))):
        latent = tuple(draw(st.lists(coordinate, min_size=latent_dim, max_size=latent_dim)))
        kind = draw(st.sampled_from(["new", "new", "reused", "equal latent"])) if index else "new"
        earlier = history[draw(st.integers(0, index - 1))] if index else None
        if kind == "new" or earlier is None:
            history.append(trial(index, latent, tuple(draw(st.lists(score, max_size=6)))))
        else:
            place = earlier.candidate.latent if kind == "equal latent" else latent
            copy = trial(index, place, earlier.scores, earlier.candidate.instruction)
            history.append(msgspec.structs.replace(copy, reused=earlier.index))
    return SuggestRequest(
        history=tuple(history),
        count=draw(st.integers(1, 12)),
        latent_dim=latent_dim,
        seed=draw(st.integers(0, 2**31 - 1)),
        initial=draw(st.integers(0, 10)),
    )


@every_surrogate
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(request=requests())
def test_any_history_gives_distinct_untried_latents_quietly_and_repeatably(
    make: Callable[[], Surrogate], request: SuggestRequest
) -> None:
    before = random_state()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = make().suggest(request)
    check(request, result)
    assert random_state() == before
    np.random.seed(5)
    assert make().suggest(request) == result


DEGENERATE: dict[str, tuple[Trial, ...]] = {
    "one of two has scores": history_of([(1.0, 0.0), (None, None)]),
    "empty scores": history_of([()] * 5),
    "not a number": history_of([(float("nan"), 1.0), (0.0, 1.0), (float("nan"),), (1.0, 1.0)]),
    "jagged along one dimension": history_of([(float(i % 2),) * 20 for i in range(12)], 1),
    "corners": tuple(trial(i, (float(i & 1), float(i & 2) / 2, 0.0), (i / 4,)) for i in range(4)),
}


@every_surrogate
@pytest.mark.parametrize("history", DEGENERATE.values(), ids=DEGENERATE.keys())
def test_degenerate_histories(make: Callable[[], Surrogate], history: tuple[Trial, ...]) -> None:
    latent_dim = len(history[0].candidate.latent)
    request = SuggestRequest(history=history, count=25, latent_dim=latent_dim, seed=4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check(request, make().suggest(request))


@every_surrogate
def test_the_initial_design_is_sobol(make: Callable[[], Surrogate]) -> None:
    first = SuggestRequest(history=(), count=25, latent_dim=10, seed=9, initial=25)
    assert make().suggest(first).latents == sobol_latents(25, 10, 9)
    history = history_of([(1.0, 0.0)] * 5)
    unfinished = SuggestRequest(history=history, count=4, latent_dim=3, seed=9, initial=6)
    assert make().suggest(unfinished).latents == sobol_latents(4, 3, 9)
    finished = SuggestRequest(history=history, count=4, latent_dim=3, seed=9, initial=5)
    assert make().suggest(finished).latents != sobol_latents(4, 3, 9)


@every_surrogate
def test_a_sobol_point_that_was_tried_is_replaced(make: Callable[[], Surrogate]) -> None:
    tried = tuple(trial(i, latent, (None,)) for i, latent in enumerate(sobol_latents(25, 2, 9)))
    request = SuggestRequest(history=tried, count=25, latent_dim=2, seed=9)
    check(request, make().suggest(request))


def test_proposals_that_are_all_but_equal_are_chosen_once() -> None:
    history = history_of([(float(i % 2),) * 20 for i in range(12)])
    request = SuggestRequest(history=history, count=4, latent_dim=3, seed=9)
    one = np.array([0.5, 0.5, 0.5])
    prediction = search.Prediction(np.ones(4), np.ones(4), lambda index: np.eye(4)[index])
    batch = search.Batch(request)
    search.choose(batch, np.array([one, one + 1e-9, one, one + 0.1]), prediction, 0.0)
    assert batch.missing == 2
    check(request, batch.finish())


@every_surrogate
def test_a_box_that_is_used_up_is_said_plainly(
    make: Callable[[], Surrogate], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "SEPARATION", 0.6)
    with pytest.raises(BackendError, match="No untried point is left") as caught:
        make().suggest(SuggestRequest(history=(), count=3, latent_dim=1, seed=0))
    assert "more latent dimensions" in caught.value.hint


@pytest.mark.parametrize(
    "surrogate",
    [
        GaussianProcessSurrogate(GaussianProcessOptions(), CONTEXT),
        ForestSurrogate(ForestOptions(), CONTEXT),
    ],
    ids=["sklearn-gp", "sklearn-forest"],
)
def test_a_suggestion_at_150_trials_takes_less_than_two_seconds_of_work(surrogate: Surrogate) -> None:
    history = history_of([tuple(float((i * j) % 7 < 3) for j in range(20)) for i in range(150)], 10)
    request = SuggestRequest(history=history, count=25, latent_dim=10, seed=1)
    began = time.process_time()
    surrogate.suggest(request)
    assert time.process_time() - began < 2


FRESH_PROCESS = """
import hashlib
from izcore.plugin import BackendContext, Candidate, SuggestRequest, Trial, sobol_latents
from izcore_sklearn.forest import ForestSurrogate
from izcore_sklearn.gaussian_process import GaussianProcessSurrogate
from izcore_sklearn.options import ForestOptions, GaussianProcessOptions
context = BackendContext(seed=0, cache_dir="", data_dir="")
history = tuple(
    Trial(index=i, round=0, candidate=Candidate(latent=x, instruction=str(i % 40)),
          scores=tuple(float((i + j) % 3 == 0) for j in range(1 + i % 20)))
    for i, x in enumerate(sobol_latents(60, 10, 3))
)
request = SuggestRequest(history=history, count=25, latent_dim=10, seed=8)
for surrogate in (GaussianProcessSurrogate(GaussianProcessOptions(), context),
                  ForestSurrogate(ForestOptions(), context)):
    print(hashlib.sha256(repr(surrogate.suggest(request).latents).encode()).hexdigest())
"""


def test_a_fresh_process_suggests_the_same_to_the_last_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = set()
    for threads, hash_seed in (("1", "1"), ("2", "2")):
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        monkeypatch.setenv("OPENBLAS_NUM_THREADS", threads)
        monkeypatch.setenv("PYTHONHASHSEED", hash_seed)
        ran = subprocess.run(
            [sys.executable, "-c", FRESH_PROCESS], capture_output=True, text=True, check=True
        )
        assert ran.stderr == ""
        printed.add(ran.stdout)
    (digests,) = printed
    assert len(set(digests.split())) == 2
