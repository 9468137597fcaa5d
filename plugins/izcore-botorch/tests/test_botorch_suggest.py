"""What every surrogate must do: enough, distinct, inside, pure, and never at a loss."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from izcore.plugin import BackendContext, SuggestRequest, Surrogate, Trial, sobol_latents
from izcore_botorch import options
from izcore_botorch.surrogates import InstructionCoupled, InstructionCoupledCompleted, Matern

Make = Callable[..., tuple[Trial, ...]]
Suggest = Callable[..., np.ndarray]
CONTEXT = BackendContext(seed=0, cache_dir="", data_dir="")


def test_nothing_is_known_yet(surrogate: Surrogate, suggest: Suggest, trials_of: Make) -> None:
    start = suggest(surrogate, (), count=8, seed=3)
    assert np.allclose(start, np.array(sobol_latents(8, 4, 3)))
    failed = trials_of(sobol_latents(6, 4, 1), [(None,) * 5] * 6)
    suggest(surrogate, failed)


def test_sobol_until_the_initial_design_is_complete(surrogate: Surrogate, make_trials: Make) -> None:
    history = make_trials(10)
    request = SuggestRequest(history=history, count=4, latent_dim=4, seed=3, initial=25)
    assert surrogate.suggest(request).latents == sobol_latents(4, 4, 3)
    searching = msgspec.structs.replace(request, initial=10)
    assert surrogate.suggest(searching).latents != sobol_latents(4, 4, 3)


def test_callers_state_is_left_alone(surrogate: Surrogate, suggest: Suggest, make_trials: Make) -> None:
    np.random.seed(7)
    torch.manual_seed(7)
    drawn, random_state = np.random.random(), torch.get_rng_state()
    threads, filters = torch.get_num_threads(), warnings.filters[:]
    torch.set_num_threads(threads + 1)
    np.random.seed(7)
    suggest(surrogate, make_trials(30))
    assert np.random.random() == drawn
    assert torch.equal(torch.get_rng_state(), random_state)
    assert torch.get_num_threads() == threads + 1
    torch.set_num_threads(threads)
    assert warnings.filters == filters
    assert torch.get_default_dtype() == torch.float32


@dataclass
class Degenerate:
    """A history that invites trouble, in a box of four dimensions."""

    latents: list[tuple[float, ...]]
    scores: list[tuple[float | None, ...]]


POINTS = [tuple(p) for p in sobol_latents(12, 4, 0)]
DEGENERATE = {
    "two trials": Degenerate(POINTS[:2], [(1.0, 0.0), (0.0, 0.0)]),
    "one usable trial": Degenerate(POINTS[:3], [(1.0, 0.0), (None, None), ()]),
    "two equal latents": Degenerate([*POINTS[:5], POINTS[0]], [(float(i % 2), 0.5, 1.0) for i in range(6)]),
    "almost equal latents": Degenerate(
        [tuple(x + 1e-9 * i for x in POINTS[0]) for i in range(6)], [(float(i % 2),) for i in range(6)]
    ),
    "equal means": Degenerate(POINTS, [(1.0, 0.0) if i % 2 else (0.0, 1.0) for i in range(12)]),
    "means equal up to rounding": Degenerate(POINTS, [(0.1, 0.2, 0.3), (0.3, 0.2, 0.1)] * 6),
    "one example": Degenerate(POINTS, [(float(i % 3 == 0),) for i in range(12)]),
    "an example that always failed": Degenerate(POINTS, [(None, float(i % 2)) for i in range(12)]),
    "NaN and infinity": Degenerate(POINTS, [(float("nan"), 1.0, float("inf"), i / 12) for i in range(12)]),
    "corners": Degenerate(
        [tuple(float(i >> b & 1) for b in range(4)) for i in range(12)], [(i / 12, 1.0) for i in range(12)]
    ),
    "another dimension": Degenerate([(), (0.5,), *POINTS[:6]], [(float(i % 2), 1.0, 0.0) for i in range(8)]),
    "one winner": Degenerate(POINTS, [(float(i == 3),) * 20 for i in range(12)]),
}


@pytest.mark.parametrize("name", list(DEGENERATE))
def test_degenerate_history(surrogate: Surrogate, suggest: Suggest, trials_of: Make, name: str) -> None:
    case = DEGENERATE[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        suggest(surrogate, trials_of(case.latents, case.scores))


@pytest.mark.parametrize(
    "changes",
    [
        {"acquisition": "ei", "optimizer": "cmaes", "noise": "inferred", "batch": "independent"},
        {"acquisition": "ei", "optimizer": "pool", "noise": "told", "repeats": "avoided"},
        {"acquisition": "ei", "optimizer": "gradient", "noise": "inferred", "repeats": "ignored"},
        {"acquisition": "log_ei", "optimizer": "cmaes", "noise": "told", "batch": "greedy"},
        {"acquisition": "log_ei", "optimizer": "gradient", "batch": "greedy", "repeats": "avoided"},
        {"acquisition": "log_ei", "optimizer": "gradient", "batch": "independent", "repeats": "ignored"},
    ],
)
def test_any_options(
    surrogate: Surrogate, suggest: Suggest, make_trials: Make, changes: dict[str, str]
) -> None:
    made: Any = type(surrogate)
    chosen = {
        InstructionCoupled: options.InstructionCoupledOptions,
        InstructionCoupledCompleted: options.CompletedOptions,
        Matern: options.MaternOptions,
    }[made]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        suggest(
            made(msgspec.convert({**changes, "proposals": 64}, chosen), CONTEXT), make_trials(20), count=3
        )


@pytest.mark.parametrize("count", [1, 40])
def test_any_count(surrogate: Surrogate, suggest: Suggest, make_trials: Make, count: int) -> None:
    suggest(surrogate, make_trials(6), count=count)


@pytest.mark.parametrize("dim", [2, 25])
def test_any_dimension(surrogate: Surrogate, suggest: Suggest, make_trials: Make, dim: int) -> None:
    suggest(surrogate, make_trials(20, latent_dim=dim), count=4, dim=dim)


def test_more_trials_than_the_model_sees(suggest: Suggest, make_trials: Make) -> None:
    surrogate = InstructionCoupledCompleted(options.CompletedOptions(max_trials=20), CONTEXT)
    suggest(surrogate, make_trials(60))


score = st.one_of(st.none(), st.floats(0, 1), st.sampled_from([0.0, 1.0]))
corner = st.floats(0, 1).map(lambda x: round(x, 1))
histories = st.integers(1, 4).flatmap(
    lambda examples: st.lists(
        st.tuples(st.tuples(corner, corner), st.tuples(*[score] * examples)), min_size=0, max_size=10
    )
)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(histories)
def test_any_history(surrogate: Surrogate, suggest: Suggest, trials_of: Make, history: list[Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        suggest(surrogate, trials_of([h[0] for h in history], [h[1] for h in history]), count=3, dim=2)


def test_of_equal_scores_the_cheaper_side_is_searched(
    surrogate: Surrogate, suggest: Suggest, trials_of: Make
) -> None:
    latents = sobol_latents(30, 4, 1)
    rows = [(1.0, 1.0, 0.0, 1.0, 0.0)] * 30
    history = tuple(
        msgspec.structs.replace(trial, penalty=0.4 * trial.candidate.latent[0])
        for trial in trials_of(latents, rows)
    )
    assert suggest(surrogate, history, count=8)[:, 0].mean() < 0.3
