"""The formulas, against other ways to the same numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.gaussian_process import GaussianProcessRegressor

from izcore.plugin import Candidate, Trial, sobol_latents
from izcore_sklearn.forest import Forest
from izcore_sklearn.gaussian_process import GaussianProcess
from izcore_sklearn.improvement import log_expected_improvement, log_improvement
from izcore_sklearn.novelty import Novelty
from izcore_sklearn.observations import Observations, observe, variance_of_mean
from izcore_sklearn.search import Believer, propose


def landscape(count: int = 40, latent_dim: int = 3) -> Observations:
    latents = np.array(sobol_latents(count, latent_dim, 5))
    means = np.exp(-((latents - 0.4) ** 2).sum(axis=1) * 3)
    return Observations(latents=latents, means=means, noise=np.full(count, 0.002))


@pytest.mark.parametrize(
    ("z", "expected"),
    [  # computed with 60 digits
        (3.0, 1.0987396653277078),
        (0.0, -0.91893853320467274),
        (-0.5, -1.6205162643873199),
        (-1.5, -3.5299359208057099),
        (-5.0, -16.74430116266099),
        (-30.0, -457.724653760598),
        (-9999.0, -49990019.839419297),
        (-10001.0, -50010019.839819297),
        (-1e8, -5000000000000037.8),
    ],
)
def test_log_improvement_is_exact_near_and_far(z: float, expected: float) -> None:
    assert log_improvement(np.array([z]))[0] == pytest.approx(expected, rel=1e-12)


@given(st.floats(-1e5, 30), st.floats(1e-3, 10))
def test_log_improvement_grows(z: float, step: float) -> None:
    lower, upper = log_improvement(np.array([z, z + step]))
    assert np.isfinite(lower)
    assert lower < upper


def test_expected_improvement_agrees_with_draws() -> None:
    draws = np.random.default_rng(0).normal(0.3, 0.8, 400_000)
    expected = np.log(np.maximum(draws - 0.9, 0).mean())
    found = log_expected_improvement(np.array([0.3]), np.array([0.8]), 0.9)[0]
    assert found == pytest.approx(expected, abs=0.01)


def test_twenty_of_twenty_is_not_certainty() -> None:
    certain = 21 / 22 * 1 / 22 / 20
    assert variance_of_mean([1.0] * 20) == pytest.approx(certain)
    assert variance_of_mean([0.0] * 20) == pytest.approx(certain)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_variance_of_mean_is_above_zero_and_falls_with_more_examples(scores: list[float]) -> None:
    variance = variance_of_mean(scores)
    assert 0 < variance <= 0.25
    assert variance_of_mean(scores * 4) < variance


def test_missing_and_reused_scores_are_left_out() -> None:
    def trial(index: int, scores: tuple[float | None, ...], reused: int | None = None) -> Trial:
        candidate = Candidate(latent=(0.1 * index, 0.5), instruction=str(index))
        return Trial(index=index, round=0, candidate=candidate, scores=scores, reused=reused)

    first, without, partly = (1.0, None, 0.0), (None,), (float("nan"), 1.0)
    observed = observe([trial(1, first), trial(2, without), trial(3, partly), trial(4, first, reused=1)], 2)
    assert observed.latents.tolist() == [[0.1, 0.5], [pytest.approx(0.3), 0.5]]
    assert observed.means.tolist() == [0.5, 1.0]
    assert observed.noise.tolist() == [variance_of_mean([1.0, 0.0]), variance_of_mean([1.0])]


def test_a_penalty_lowers_the_mean_and_not_the_noise() -> None:
    candidate = Candidate(latent=(0.1, 0.5), instruction="a")
    trial = Trial(index=0, round=0, candidate=candidate, scores=(1.0, 0.0), penalty=0.2)
    observed = observe([trial], 2)
    assert observed.means.tolist() == [pytest.approx(0.3)]
    assert observed.noise.tolist() == [variance_of_mean([1.0, 0.0])]


def test_standardised_noise_is_on_the_scale_of_the_targets() -> None:
    observed = landscape()
    targets, noise = observed.standardised()
    assert targets.mean() == pytest.approx(0)
    assert targets.std() == pytest.approx(1)
    assert noise / targets.var() == pytest.approx(observed.noise / observed.means.var())


def test_equal_means_are_not_blown_up() -> None:
    observed = Observations(np.eye(3), np.full(3, 0.7), np.full(3, 0.01))
    targets, noise = observed.standardised()
    assert targets == pytest.approx(np.zeros(3))
    assert noise == pytest.approx(np.ones(3))


def test_a_cap_keeps_the_best_and_some_of_all_the_rest() -> None:
    means = np.linspace(0, 1, 100)
    observed = Observations(means[:, None], means, np.full(100, 0.01))
    kept = observed.capped(20).means.tolist()
    assert len(kept) == 20
    assert kept[10:] == means[90:].tolist()
    assert kept[0] == 0.0
    assert max(np.diff(kept[:10])) < 0.12
    assert observed.capped(100) is observed


def test_the_process_agrees_with_scikit_learn_and_believes_like_a_refit() -> None:
    observed = landscape()
    process = GaussianProcess(observed, restarts=0, seed=0)
    fitted = process._process
    proposals = np.array(sobol_latents(50, 3, 6))
    prediction = process.predict(proposals)
    mean, deviation = fitted.predict(proposals, return_std=True)
    assert prediction.mean == pytest.approx(mean)
    assert prediction.variance == pytest.approx(deviation**2, rel=1e-6)

    believer = Believer(prediction)
    believed = [7, 31, 2]
    for index in believed:
        believer.believe(index)
    targets, noise = observed.standardised()
    refit = GaussianProcessRegressor(
        fitted.kernel_, alpha=np.concatenate([noise, np.full(3, 1e-10)]), optimizer=None
    ).fit(
        np.concatenate([observed.latents, proposals[believed]]),
        np.concatenate([targets, prediction.mean[believed]]),
    )
    mean, deviation = refit.predict(proposals, return_std=True)
    assert prediction.mean == pytest.approx(mean, abs=1e-6)
    assert believer.variance == pytest.approx(deviation**2, abs=1e-6)
    assert believer.variance[believed] == pytest.approx(np.zeros(3), abs=1e-9)


def test_the_process_learns_which_coordinate_matters() -> None:
    latents = np.array(sobol_latents(80, 4, 5))
    observed = Observations(latents, np.sin(5 * latents[:, 2]) / 2 + 0.5, np.full(80, 0.002))
    process = GaussianProcess(observed, restarts=0, seed=0)
    lengths = process._process.kernel_.k2.length_scale
    assert lengths.argmin() == 2
    assert min(np.delete(lengths, 2)) > 3 * lengths[2]


def test_noise_keeps_the_process_from_following_every_trial() -> None:
    latents = np.array(sobol_latents(40, 2, 5))
    means = np.random.default_rng(1).binomial(5, 0.5, 40) / 5
    process = GaussianProcess(Observations(latents, means, np.full(40, 0.05)), restarts=0, seed=0)
    assert process.mean_at(latents).std() < 0.5


def test_the_forest_believes_until_its_trees_agree() -> None:
    forest = Forest(landscape(), trees=10, min_leaf=3, seed=0)
    prediction = forest.predict(np.array(sobol_latents(60, 3, 6)))
    assert prediction.mean == pytest.approx(forest.mean_at(np.array(sobol_latents(60, 3, 6))))
    drawn = [tree.predict(np.array(sobol_latents(60, 3, 6))) for tree in forest._forest.estimators_]
    assert prediction.variance == pytest.approx(np.var(drawn, axis=0))
    believer = Believer(prediction)
    before = believer.variance
    for index in range(30):
        believer.believe(index)
        assert (believer.variance <= before).all()
        assert (believer.variance > 0).all()
        before = believer.variance


def written(instructions: list[str]) -> list[Trial]:
    return [
        Trial(
            index=index,
            round=0,
            candidate=Candidate(latent=((index + 0.5) / len(instructions),), instruction=instruction),
            scores=(1.0,),
        )
        for index, instruction in enumerate(instructions)
    ]


def test_where_no_sentence_repeats_everything_is_new() -> None:
    history = written([str(index) for index in range(20)])
    novelty = Novelty(history, np.linspace(0, 1, 50)[:, None])
    assert novelty.log_probability() == pytest.approx(np.zeros(50))


def test_near_a_tried_latent_the_same_sentence_is_expected() -> None:
    centres = np.random.default_rng(2).random((40, 2))
    history = [
        Trial(
            index=index,
            round=0,
            candidate=Candidate(
                latent=latent, instruction=str(((centres - latent) ** 2).sum(axis=1).argmin())
            ),
            scores=(1.0,),
        )
        for index, latent in enumerate(np.random.default_rng(3).beta(2, 5, (60, 2)).tolist())
    ]
    near, far = np.array(history[0].candidate.latent) + 0.001, np.array([1.0, 1.0])
    novelty = Novelty(history, np.array([near, far]))
    at_near, at_far = novelty.log_probability()
    assert at_near < at_far - 1
    novelty.add(far)
    assert novelty.log_probability()[1] < at_near


def test_proposals_fill_the_box_and_surround_the_leaders() -> None:
    leaders = np.array([[0.0] * 10, [0.5] * 10])
    proposals = propose(leaders, 512, seed=3)
    assert len(proposals) > 700
    assert ((proposals >= 0) & (proposals <= 1)).all()
    assert proposals[:512].mean(axis=0) == pytest.approx(np.full(10, 0.5), abs=0.01)
    for leader in leaders:
        moved = (proposals[512:] != leader).sum(axis=1)
        assert ((moved > 0) & (moved <= 3)).any()
        assert (np.abs(proposals[512:] - leader).max(axis=1) < 0.1).sum() > 50
    assert np.array_equal(proposals, propose(leaders, 512, seed=3))
    assert not np.array_equal(proposals, propose(leaders, 512, seed=4))
