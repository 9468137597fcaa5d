"""From trials to numbers: gaps, noise, repeats, and the cap."""

from collections.abc import Callable

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from izcore.plugin import SuggestRequest, Trial, sobol_latents
from izcore_botorch.history import Observations, mean_variance, observe

Make = Callable[..., tuple[Trial, ...]]


def observed(history: tuple[Trial, ...], max_trials: int = 1000, dim: int = 2) -> Observations:
    request = SuggestRequest(history=history, count=1, latent_dim=dim, seed=0)
    observations = observe(request, max_trials)
    assert observations is not None
    return observations


def test_gaps_become_the_mean_of_the_others(trials_of: Make) -> None:
    trials = trials_of(sobol_latents(3, 2, 0), [(1.0, None, None), (0.0, 1.0, None), (None, 0.5, None)])
    scores = observed(trials).scores
    assert scores.tolist() == [[1.0, 0.75, 0.625], [0.0, 1.0, 0.625], [0.5, 0.5, 0.625]]


def test_values_are_standardised_means_of_what_is_known(trials_of: Make) -> None:
    trials = trials_of(sobol_latents(3, 2, 0), [(1.0, None), (0.0, 1.0), (0.0, 0.0)])
    values = observed(trials).train_Y
    assert values == pytest.approx([1.0, 0.0, -1.0])


@settings(deadline=None)
@given(st.integers(1, 50), st.integers(0, 50))
def test_noise_of_a_mean_is_never_zero(examples: int, right: int) -> None:
    right = min(right, examples)
    variance = mean_variance(np.array([1.0] * right + [0.0] * (examples - right)))
    p = (right + 1) / (examples + 2)
    assert variance == pytest.approx(p * (1 - p) / examples)
    assert variance > 0


def test_noise_is_in_the_units_of_the_values(trials_of: Make) -> None:
    rows = [(1.0, 1.0, 0.0, 1.0), (0.0, 1.0, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0)]
    observations = observed(trials_of(sobol_latents(3, 2, 0), rows))
    means = np.array(rows).mean(axis=1)
    expected = [mean_variance(np.array(row)) / means.std(ddof=1) ** 2 for row in rows]
    assert observations.train_Yvar == pytest.approx(expected)


def test_reused_trials_are_one_measurement(make_trials: Make) -> None:
    trials = make_trials(60, latent_dim=2)
    observations = observed(trials)
    written = [trial.candidate.instruction for trial in trials]
    for i, j in np.ndindex(60, 60):
        same = observations.instruction[i] == observations.instruction[j]
        assert same == (written[i] == written[j])
    assert [trials[i].reused for i in observations.distinct] == [None] * len(observations.distinct)


def test_the_best_and_the_most_recent_are_kept(trials_of: Make) -> None:
    rows = [(1.0 if i in (3, 8) else 0.0, 0.0) for i in range(30)]
    latents = sobol_latents(30, 2, 0)
    kept = observed(trials_of(latents, rows), max_trials=10).latents
    wanted = {0, 1, 2, 3, 8} | {25, 26, 27, 28, 29}
    assert kept.tolist() == [list(latents[i]) for i in sorted(wanted)]


def test_penalties_lower_values_and_tell_equal_scores_apart(trials_of: Make) -> None:
    rows = [(1.0, 0.0, 1.0, 0.0)] * 3
    free = trials_of(sobol_latents(3, 2, 0), rows)
    trials = tuple(msgspec.structs.replace(t, penalty=p) for t, p in zip(free, (0.0, 0.1, 0.2), strict=True))
    observations = observed(trials)
    assert observations.train_Y == pytest.approx([1.0, 0.0, -1.0])
    # A penalty of 0.1 moves a trial as far as 0.1 less on each of the four examples would.
    assert observations.scores[:, -1] == pytest.approx([0.0, 0.2, 0.4])
    assert observed(free).scores.shape == (3, 4)
    assert observed(trials, max_trials=2).latents.tolist() == [list(t.candidate.latent) for t in trials[::2]]
