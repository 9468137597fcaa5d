"""PRESTO: what preimages are, how a first design covers them, and what the network is told of them."""

from collections.abc import Callable
from itertools import combinations

import msgspec
import numpy as np
import pytest
import torch

from izcore.plugin import BackendContext, Candidate, SuggestRequest, Trial
from izcore_botorch.history import observe
from izcore_botorch.options import PrestoOptions
from izcore_botorch.preimages import Preimages, coverage_design
from izcore_botorch.presto import Presto, inconsistency, shared_scores, train
from izcore_botorch.reproducible import reproducible

MakePool = Callable[..., tuple[tuple[Candidate, ...], np.ndarray]]
TryOut = Callable[..., tuple[Trial, ...]]
CONTEXT = BackendContext(seed=0, cache_dir="", data_dir="")


def discrepancy(points: np.ndarray, chosen: list[int]) -> float:
    """Compute the unbiased MMD² between all points and the chosen ones, pair by pair."""
    squared = [float(((points[i] - points[j]) ** 2).sum()) for i, j in combinations(range(len(points)), 2)]
    scale = float(np.sort(squared)[(len(squared) - 1) // 2])

    def kernel(i: int, j: int) -> float:
        return float(np.exp(-((points[i] - points[j]) ** 2).sum() / (2 * scale)))

    everywhere = np.mean([kernel(i, j) for i, j in combinations(range(len(points)), 2)])
    among = np.mean([kernel(i, j) for i, j in combinations(chosen, 2)]) if len(chosen) > 1 else 1.0
    across = np.mean([kernel(i, j) for i in range(len(points)) for j in chosen])
    return max(float(everywhere + among - 2 * across), 0.0)


@pytest.mark.parametrize("known", [[], [3, 9]])
def test_the_first_design_is_large_and_covers(known: list[int]) -> None:
    """Each choice is the one of the highest sum of relative size and closeness, recomputed from pairs."""
    points = np.random.default_rng(0).normal(size=(14, 3))
    groups = [[0, 1, 2], [4], [5, 6], [7, 8, 10, 11], [12, 13]]
    chosen = coverage_design(torch.from_numpy(points), groups, 4, known=known)
    union, left = list(known), list(range(len(groups)))
    for choice in chosen:
        distance = {g: discrepancy(points, union + groups[g]) for g in left}
        largest = max(len(groups[g]) for g in left)
        farthest = max(distance.values()) or 1.0
        score = {g: len(groups[g]) / largest + 1 - distance[g] / farthest for g in left}
        assert choice == max(left, key=score.__getitem__)
        union += groups[choice]
        left.remove(choice)
    assert len(left) == 1


def test_points_that_coincide_are_chosen_by_size() -> None:
    assert coverage_design(torch.zeros((6, 2)).double(), [[0], [1, 2], [3, 4, 5]], 3) == [2, 1, 0]


def test_inconsistency_is_the_mean_over_pairs_within_preimages() -> None:
    foretold = torch.tensor([0.1, 0.5, 0.9, 0.2, 0.3], dtype=torch.float64)
    pairs = [(0.1 - 0.5) ** 2, (0.1 - 0.9) ** 2, (0.5 - 0.9) ** 2]
    expected = (np.mean(pairs) + (0.2 - 0.3) ** 2) / 2
    assert float(inconsistency(foretold, torch.tensor([3, 2]))) == pytest.approx(expected)


def test_consistency_draws_an_untried_preimage_together() -> None:
    """What is tried is learned as well with it as without."""
    rng = np.random.default_rng(1)
    points = torch.from_numpy(rng.normal(size=(30, 6)))
    scores = torch.from_numpy(1 / (1 + np.exp(-rng.normal(size=(30, 6)) @ np.ones(6))))
    untried = [torch.from_numpy(rng.normal(size=(5, 6))) for _ in range(4)]
    spread, error = [], []
    for consistency in (0.0, 10.0):
        with reproducible(0):
            options = PrestoOptions(consistency=consistency, steps=60, learning_rate=0.02)
            network = train(points, scores, untried, options)
        spread.append(float(inconsistency(network.mean(torch.cat(untried)), torch.tensor([5] * 4))))
        error.append(float((network.mean(points) - scores).square().mean()))
    assert spread[1] < 0.1 * spread[0]
    assert error[0] < 0.01


def with_preimages(pool: tuple[Candidate, ...], sizes: list[int], seed: int = 0) -> tuple[Candidate, ...]:
    """Return as many latents for each candidate as told, whose hidden states lie near its own."""
    rng = np.random.default_rng(seed)
    return tuple(
        candidate
        if number == 0
        else msgspec.structs.replace(
            candidate,
            latent=tuple(rng.random(4).tolist()),
            features=tuple(feature + rng.normal() / 10 for feature in candidate.features),
        )
        for candidate, size in zip(pool, sizes, strict=True)
        for number in range(size)
    )


def test_preimages_hold_what_was_tried_and_what_repeats(make_pool: MakePool) -> None:
    pool, _ = make_pool(3)
    written = with_preimages(pool, [1, 3, 2])
    elsewhere = Candidate(latent=(0.5,) * 4, instruction="Of an earlier run.", features=pool[0].features)
    request = SuggestRequest(history=(), count=1, latent_dim=4, seed=0, pool=pool[1:], written=written)
    preimages = Preimages.of([pool[0], elsewhere], request)
    sizes = {guidance.instruction: len(places) for guidance, places in preimages.places.items()}
    assert sizes == {
        pool[0].instruction: 1,
        "Of an earlier run.": 1,
        pool[1].instruction: 3,
        pool[2].instruction: 2,
    }
    assert sorted(place for places in preimages.places.values() for place in places) == list(range(7))


def test_the_design_begins_with_the_largest_preimages(make_pool: MakePool) -> None:
    pool, _ = make_pool(30)
    sizes = [12 if number in (7, 21) else 1 for number in range(30)]
    request = SuggestRequest(
        history=(), count=4, initial=4, latent_dim=4, seed=0, pool=pool, written=with_preimages(pool, sizes)
    )
    latents = Presto(PrestoOptions(), CONTEXT).suggest(request).latents
    assert {pool[7].latent, pool[21].latent} <= set(latents)
    assert len(set(latents)) == 4
    assert set(latents) <= {candidate.latent for candidate in pool}


def test_a_score_counts_for_the_whole_preimage(make_pool: MakePool, try_out: TryOut) -> None:
    pool, chances = make_pool(6)
    written = with_preimages(pool, [3, 1, 2, 4, 1, 1])
    history = try_out(pool[:3], chances[:3])
    request = SuggestRequest(history=history, count=1, latent_dim=4, seed=0, pool=pool[3:], written=written)
    observations = observe(request, 10)
    assert observations is not None
    preimages = Preimages.of(observations.candidates, request)
    places, scores = shared_scores(observations, preimages)
    mean = {trial.candidate.instruction: trial.mean for trial in history}
    assert sorted(places) == [n for n, c in enumerate(preimages.members) if c.instruction in mean]
    assert scores.tolist() == [mean[preimages.members[place].instruction] for place in places]
    assert len(places) == 6


def test_any_latent_of_a_preimage_makes_its_instruction_the_choice(
    make_pool: MakePool, try_out: TryOut
) -> None:
    """The best of all points is one of a preimage whose first latent lies among the bad ones."""
    pool, _ = make_pool(14)
    rng = np.random.default_rng(0)
    places = [(x, *rng.normal(size=2) / 10) for x in np.linspace(-1, 1, 12)]
    tried = [msgspec.structs.replace(c, features=place) for c, place in zip(pool, places, strict=False)]
    bad = [msgspec.structs.replace(c, features=(-0.9, 0.0, 0.0)) for c in pool[12:]]
    good = msgspec.structs.replace(bad[1], latent=(0.3,) * 4, features=(1.0, 0.0, 0.0))
    request = SuggestRequest(
        history=try_out(tried, [0.05] * 8 + [0.95] * 4),
        count=1,
        latent_dim=4,
        seed=0,
        pool=tuple(bad),
        written=(*tried, *bad, good),
    )
    options = PrestoOptions(exploration=0.0, consistency=0.0, steps=100, learning_rate=0.01)
    assert Presto(options, CONTEXT).suggest(request).latents == (bad[1].latent,)


def test_finds_better_ones_than_a_random_order(make_pool: MakePool, try_out: TryOut) -> None:
    """Where a hidden state holds the quality, and little else. In a random order the gain is 0."""
    gains = []
    for seed in range(4):
        pool, chances = make_pool(90, seed)
        pool = tuple(msgspec.structs.replace(c, features=c.features[:3]) for c in pool)
        written = with_preimages(pool, [1 + number % 4 for number in range(90)], seed)
        request = SuggestRequest(
            history=try_out(pool[:50], chances[:50]),
            count=6,
            latent_dim=4,
            seed=seed,
            pool=pool[50:],
            written=written,
        )
        members = [candidate.latent for candidate in pool]
        suggested = Presto(PrestoOptions(steps=100, learning_rate=0.01), CONTEXT).suggest(request).latents
        gains.append(np.mean([chances[members.index(latent)] for latent in suggested]) - chances[50:].mean())
    assert np.mean(gains) > 0.1
