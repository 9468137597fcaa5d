"""The search searches: it climbs where there is a slope, and knows what it has seen."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from izcore.plugin import BackendContext, Candidate, SuggestRequest, Surrogate, Trial, sobol_latents
from izcore_botorch.fitting import fit_completed
from izcore_botorch.history import observe
from izcore_botorch.options import CompletedOptions, MaternOptions
from izcore_botorch.repeats import Repeats
from izcore_botorch.search import propose
from izcore_botorch.surrogates import InstructionCoupledCompleted, Matern

Make = Callable[..., tuple[Trial, ...]]
CONTEXT = BackendContext(seed=0, cache_dir="", data_dir="")
PEAK = np.array([0.7, 0.3, 0.6, 0.4, 0.6, 0.3])


def hill(latent: tuple[float, ...]) -> float:
    """A smooth hill: 1 at the peak, scored by 20 examples of rising difficulty."""
    return float(np.exp(-2 * ((np.array(latent) - PEAK) ** 2).sum()))


def climb(suggest: Callable[[SuggestRequest], tuple[tuple[float, ...], ...]], seed: int) -> float:
    history: list[Trial] = []
    for turn in range(4):
        request = SuggestRequest(
            history=tuple(history), count=8, latent_dim=len(PEAK), seed=100 * seed + turn, initial=8
        )
        for latent in suggest(request):
            scores = (hill(latent) > (np.arange(20) + 0.5) / 20).astype(float)
            instruction = f"instruction {len(history)}"
            history.append(
                Trial(
                    index=len(history),
                    round=turn,
                    candidate=Candidate(latent=latent, instruction=instruction),
                    scores=tuple(scores.tolist()),
                )
            )
    return max(hill(trial.candidate.latent) for trial in history)


@pytest.mark.parametrize(
    "surrogate",
    [InstructionCoupledCompleted(CompletedOptions(), CONTEXT), Matern(MaternOptions(), CONTEXT)],
    ids=["instruction-coupled-completed", "matern"],
)
def test_climbs_higher_than_sobol(surrogate: Surrogate) -> None:
    """Not the published surrogate: its improvement vanishes between trials, and it does not climb."""
    ours = [climb(lambda request: surrogate.suggest(request).latents, seed) for seed in range(3)]
    sobol = [climb(lambda r: sobol_latents(r.count, r.latent_dim, r.seed), seed) for seed in range(3)]
    assert np.mean(ours) > np.mean(sobol) + 0.03


def test_no_proposal_is_taken_twice_even_where_each_is_chosen_alone(make_trials: Make) -> None:
    options = CompletedOptions(batch="independent", repeats="ignored")
    request = SuggestRequest(history=make_trials(30), count=20, latent_dim=4, seed=0)
    observations = observe(request, 1000)
    assert observations is not None
    latents = propose(fit_completed(observations, observed_noise=True), observations, options, request)
    assert len(np.unique(latents, axis=0)) == 20


def repeats_of(trials: tuple[Trial, ...]) -> Repeats:
    dim = len(trials[0].candidate.latent)
    observations = observe(SuggestRequest(history=trials, count=1, latent_dim=dim, seed=0), 1000)
    assert observations is not None
    return Repeats(observations)


@pytest.mark.parametrize("dim", [1, 2, 10])
def test_close_to_a_trial_repeats_and_far_away_is_new(make_trials: Make, dim: int) -> None:
    trials = make_trials(60, latent_dim=dim)
    repeats = repeats_of(trials)
    tried = torch.tensor([trial.candidate.latent for trial in trials], dtype=torch.float64)
    assert repeats.log_new(tried + 1e-7).exp().max() < 0.05
    far = torch.full((1, dim), 30.0).double()
    assert repeats.log_new(far).exp() > 0.5
    assert repeats.log_new(far, X_pending=far + 1e-6).exp() < 0.05


def test_foretells_repeats(make_trials: Make) -> None:
    seen, unseen = make_trials(400, latent_dim=3)[:200], make_trials(400, latent_dim=3)[200:]
    repeats = repeats_of(seen[:40])
    known = {trial.candidate.instruction for trial in seen[:40]}
    latents = torch.tensor([trial.candidate.latent for trial in unseen], dtype=torch.float64)
    new = np.array([trial.candidate.instruction not in known for trial in unseen])
    foretold = repeats.log_new(latents).exp().numpy()
    assert abs(foretold.mean() - new.mean()) < 0.15
    assert foretold[new].mean() > foretold[~new].mean()


def test_a_writer_that_never_repeats_is_believed(make_trials: Make, trials_of: Make) -> None:
    latents = sobol_latents(60, 3, 0)
    repeats = repeats_of(trials_of(latents, [(1.0, 0.0)] * 60))
    elsewhere = torch.tensor(sobol_latents(60, 3, 1), dtype=torch.float64)
    assert repeats.log_new(elsewhere).exp().median() > 0.9
