"""The surrogate on sentences and coordinates: the model against dense formulas, and what it suggests."""

import itertools
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

import izcore
from izcore.plugin import (
    BackendContext,
    Candidate,
    CoordinateChoices,
    SuggestRequest,
    SuggestResult,
    Trial,
    derive_seed,
)
from izcore_botorch.options import StructuredOptions
from izcore_botorch.structured.covariance import Scales, Structure
from izcore_botorch.structured.design import balanced_cells
from izcore_botorch.structured.likelihood import Conditioned, inform
from izcore_botorch.structured.observations import Observations, observe
from izcore_botorch.structured.posterior import Posterior
from izcore_botorch.structured.surrogate import Structured, believe
from izcore_botorch.structured.texts import squared_distances

FORMS = CoordinateChoices(name="form", values=("none", "answer", "number", "label"))
PLACES = CoordinateChoices(name="placement", values=("before", "after", "system"))
CELLS = tuple(itertools.product(range(4), range(3)))
WRITTEN = 4
WORDS = ("write", "find", "answer", "word", "animal", "opposite", "reply", "name", "list", "count", "last")

Array = NDArray[np.float64]


def surrogate(**options: object) -> Structured:
    return Structured(
        msgspec.convert(options, StructuredOptions), BackendContext(seed=0, cache_dir="", data_dir="")
    )


def sentence(number: int) -> str:
    return " ".join(np.random.default_rng(number).choice(WORDS, 6)) + f" {number}."


class World:
    """Right-or-wrong answers to 12 examples: the form "number" helps, as do some sentences and words."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.word = dict(zip(WORDS, self.rng.normal(size=len(WORDS)), strict=True))
        self.difficulty = self.rng.normal(scale=1.5, size=12)

    def chance(self, body: str, cell: tuple[int, int]) -> Array:
        form = (-1.0, 0.0, 2.5, 0.0)[cell[0]]
        said = 0.4 * sum(self.word.get(word, 0.0) for word in body.split())
        chance: Array = 1 / (1 + np.exp(-(form + said - 1.0 - self.difficulty)))
        return chance

    def trial(self, index: int, body: str, latent: tuple[float, ...], seen: int = 4) -> Trial:
        cell = (min(int(latent[-2] * 4), 3), min(int(latent[-1] * 3), 2))
        rng = np.random.default_rng(derive_seed(0, body, *cell))
        scores = (rng.random(12) < self.chance(body, cell)).astype(float)[:seen]
        return Trial(
            index=index,
            round=0,
            candidate=Candidate(
                latent=latent,
                instruction=f"{body} {cell}",
                body=body,
                coordinates=(("form", FORMS.values[cell[0]]), ("placement", PLACES.values[cell[1]])),
            ),
            scores=tuple(scores.tolist()),
        )


def request(trials: Sequence[Trial], *, count: int = 8, seed: int = 5, initial: int = 0) -> SuggestRequest:
    bodies = {
        trial.candidate.body: Candidate(
            latent=trial.candidate.latent[:WRITTEN], instruction=trial.candidate.body
        )
        for trial in reversed(trials)
    }
    return SuggestRequest(
        history=tuple(trials),
        count=count,
        latent_dim=WRITTEN + 2,
        seed=seed,
        initial=initial,
        coordinates=(FORMS, PLACES),
        bodies=tuple(reversed(bodies.values())),
    )


def asked(world: World, rounds: int, **options: object) -> tuple[list[Trial], SuggestResult]:
    """The trials of a small search, and what it suggests next."""
    trials: list[Trial] = []
    for round_ in range(rounds):
        suggested = surrogate(**options).suggest(
            request(trials, count=8 if round_ else 24, seed=round_, initial=24)
        )
        trials += follow(world, trials, suggested)
    return trials, surrogate(**options).suggest(request(trials, seed=rounds, initial=24))


def follow(world: World, trials: Sequence[Trial], suggested: SuggestResult) -> list[Trial]:
    at_hand = request(trials).bodies
    sentences: dict[tuple[float, ...], str] = {}
    made = []
    for latent, place in zip(suggested.latents, suggested.bodies, strict=True):
        new = sentences.setdefault(latent[:WRITTEN], sentence(1000 * len(trials) + len(sentences)))
        body = new if place is None else at_hand[place].instruction
        made.append(world.trial(len(trials) + len(made), body, latent))
    return made


# --- the model -----------------------------------------------------------------------------------


@pytest.fixture
def observations() -> Observations:
    trials, _ = asked(World(0), 1)
    uneven = [msgspec.structs.replace(t, scores=t.scores[: 1 + t.index % 4]) for t in trials]
    return observe(request(uneven), 100)


@pytest.fixture
def structure(observations: Observations) -> Structure:
    bodies = len(observations.bodies)
    return Structure(
        distances=squared_distances(observations.bodies, "text"),
        text=torch.arange(bodies),
        own=torch.arange(bodies) == 0,
        choices=observations.choices,
    )


SCALES = Scales(
    **{
        name: torch.tensor(value, dtype=torch.float64)
        for name, value in {
            **{"body": 0.2, "shared": 0.6, "reach": 0.8, "origin": 0.1, "cells": 0.1, "interaction": 0.15},
            **{"candidate": 0.05, "example": 0.3, "affinity": 0.2, "coordinates": [0.3, 0.1]},
        }.items()
    }
)


def dense(observations: Observations, structure: Structure, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Scores that were seen, their covariance, and which trial each is of: the definition, written out."""
    trial, example = observations.seen.nonzero(as_tuple=True)
    prior = structure.between(observations.body, observations.cell, SCALES)
    loadings = structure.loadings(observations.cell, SCALES)
    together = (
        prior[trial][:, trial] + (example[:, None] == example) * (loadings @ loadings.T)[trial][:, trial]
    )
    return observations.scores[trial, example], together + torch.diag(noise[trial]), trial


def test_evidence_is_that_of_all_scores_together(observations: Observations, structure: Structure) -> None:
    noise = torch.linspace(0.05, 0.25, len(observations), dtype=torch.float64)
    scores, covariance, _ = dense(observations, structure, noise)
    expected = torch.distributions.MultivariateNormal(torch.zeros(len(scores)).double(), covariance)
    prior = structure.between(observations.body, observations.cell, SCALES)
    loadings = structure.loadings(observations.cell, SCALES)
    found = Conditioned.on(prior, inform(observations.scores, observations.seen, noise, loadings))
    constant = 0.5 * len(scores) * np.log(2 * np.pi)
    assert float(found.log_evidence) == pytest.approx(float(expected.log_prob(scores)) + constant, abs=1e-4)


def test_draws_have_the_posterior_mean_and_deviation(
    observations: Observations, structure: Structure
) -> None:
    noise = torch.full((len(observations),), 0.2, dtype=torch.float64)
    scores, covariance, trial = dense(observations, structure, noise)
    prior = structure.between(observations.body, observations.cell, SCALES)
    gain = torch.linalg.solve(covariance, prior[trial]).T
    mean, deviation = gain @ scores, (prior - gain @ prior[trial]).diagonal().sqrt()
    loadings = structure.loadings(observations.cell, SCALES)
    information = inform(observations.scores, observations.seen, noise, loadings)
    posterior = Posterior(structure, SCALES, observations, Conditioned.on(prior, information), 0.0)
    at = (observations.body, observations.cell)
    assert torch.allclose(posterior.means()[at], mean, atol=1e-5)
    torch.manual_seed(0)
    drawn = posterior.draw(4000)[at]
    assert torch.allclose(drawn.mean(dim=1), mean, atol=0.02)
    assert torch.allclose(drawn.std(dim=1), deviation, rtol=0.08)
    torch.manual_seed(0)
    nearer = posterior.draw(4000, exploration=0.5)[at]
    halfway = (drawn + posterior.means()[at][:, None]) / 2
    assert torch.allclose(nearer, halfway, atol=1e-9)


def test_main_effects_are_found_after_some_dozens_of_calls() -> None:
    """96 calls on 24 candidates: the form that helps is told from the other three, in every world."""
    for seed in range(3):
        trials, _ = asked(World(seed), 1)
        seen = observe(request(trials), 100)
        posterior = believe(
            seen,
            Structure(
                distances=squared_distances(seen.bodies, "text"),
                text=torch.arange(len(seen.bodies)),
                own=torch.zeros(len(seen.bodies), dtype=torch.bool),
                choices=seen.choices,
            ),
        )
        by_form = posterior.means().mean(dim=0).reshape(4, 3).mean(dim=1)
        assert by_form.argmax() == 2


def test_later_examples_that_are_harder_make_no_candidate_look_worse() -> None:
    """Whoever saw the hard examples too is not worse for it."""
    scores = [(1.0,), (1.0, 0.0, 0.0, 0.0)] * 6
    trials = [
        Trial(index=i, round=0, candidate=Candidate(latent=(i / 12,), instruction=sentence(i)), scores=row)
        for i, row in enumerate(scores)
    ]
    asked_for = SuggestRequest(history=tuple(trials), count=1, latent_dim=1, seed=0)
    seen = observe(asked_for, 100)
    none = torch.zeros(len(seen.bodies), dtype=torch.bool)
    apart = Structure(
        distances=squared_distances(seen.bodies, "latents"),
        text=torch.arange(len(seen.bodies)),
        own=none,
        choices=seen.choices,
    )
    means = believe(seen, apart).means()[:, 0]
    gap = means[seen.body[0::2]].mean() - means[seen.body[1::2]].mean()
    assert abs(float(gap)) < 0.1  # the bare means differ by 0.75


# --- what it suggests ----------------------------------------------------------------------------


def test_design_crosses_new_sentences_with_cells_in_balance() -> None:
    suggested = surrogate(crossing=3).suggest(request([], count=24, initial=24))
    written = Counter(latent[:WRITTEN] for latent in suggested.latents)
    assert list(written.values()) == [3] * 8
    assert Counter(int(latent[-2] * 4) for latent in suggested.latents) == dict.fromkeys(range(4), 6)
    assert Counter(int(latent[-1] * 3) for latent in suggested.latents) == dict.fromkeys(range(3), 8)
    pairs = Counter((int(latent[-2] * 4), int(latent[-1] * 3)) for latent in suggested.latents)
    assert pairs == {(form, place): 2 for form in range(4) for place in range(3)}
    assert suggested.bodies == (None,) * 24


def test_cells_that_were_met_before_count_in_the_balance() -> None:
    chosen = balanced_cells(CELLS, 6, 3, [(0, place) for place in range(3)] * 4, seed=0)
    assert all(form != 0 for form, _ in chosen)


def test_sentences_at_hand_are_completed_anew_and_nothing_is_asked_twice() -> None:
    trials, suggested = asked(World(1), 3, new=0.25)
    made = follow(World(1), trials, suggested)
    known = {(t.candidate.body, t.candidate.coordinates) for t in trials}
    new = [(t.candidate.body, t.candidate.coordinates) for t in made]
    assert len({*known, *new}) == len(known) + len(new)
    assert 2 <= suggested.bodies.count(None) < 8
    for latent, place in zip(suggested.latents, suggested.bodies, strict=True):
        assert place is None or latent[:WRITTEN] == request(trials).bodies[place].latent


def test_the_best_on_few_examples_is_asked_again_where_it_may_see_more() -> None:
    """Those that saw 4 of 12 examples may; what saw all of them may not."""
    trials, _ = asked(World(3), 3)
    whole = [msgspec.structs.replace(t, scores=(*t.scores, *t.scores, *t.scores)) for t in trials[:10]]
    trials = [*whole, *trials[10:]]
    tried = {(t.candidate.body, t.candidate.coordinates): t for t in trials}
    seen_all = {key for key, trial in tried.items() if len(trial.scores) == 12}
    wanted = msgspec.structs.replace(request(trials, count=12), examples=12)
    suggested = surrogate(new=0.25).suggest(wanted)
    again = [
        tried[key]
        for body, latent in zip(suggested.bodies, suggested.latents, strict=True)
        if body is not None and (key := chosen_by(wanted, body, latent)) in tried
    ]
    assert len(again) >= 2
    assert not {(t.candidate.body, t.candidate.coordinates) for t in again} & seen_all
    means = [trial.mean or 0.0 for trial in again]
    assert sum(means) / len(means) > sum(t.mean or 0.0 for t in trials) / len(trials)


def chosen_by(
    wanted: SuggestRequest, body: int, latent: tuple[float, ...]
) -> tuple[str, tuple[tuple[str, str], ...]]:
    values = (FORMS.values[int(latent[-2] * 4)], PLACES.values[int(latent[-1] * 3)])
    return wanted.bodies[body].instruction, (("form", values[0]), ("placement", values[1]))


def test_all_may_be_new() -> None:
    _, suggested = asked(World(1), 2, new=1.0)
    assert suggested.bodies == (None,) * 8


def test_sentences_of_the_user_need_no_latent() -> None:
    """Their trials are not placed, and they are completed like any other."""
    world = World(2)
    own = Candidate(latent=(), instruction=sentence(3))
    trials = [
        msgspec.structs.replace(trial, candidate=msgspec.structs.replace(trial.candidate, latent=()))
        for trial in (world.trial(i, own.instruction, (0, 0, 0, 0, 0.6, i / 3 + 0.1)) for i in range(2))
    ]
    asked_for = msgspec.structs.replace(request([], count=4), unplaced=tuple(trials), bodies=(own,))
    suggested = surrogate(new=0).suggest(asked_for)
    assert 0 in suggested.bodies
    assert len(set(suggested.latents)) == 4


def test_pool_is_chosen_from_by_text_and_coordinates() -> None:
    world = World(3)
    trials, _ = asked(world, 1)
    pool = tuple(
        world.trial(
            0, trials[0].candidate.body, (0.1, 0.2, 0.3, 0.4, (n // 3 + 0.5) / 4, (n % 3 + 0.5) / 3)
        ).candidate
        for n in range(12)
    )
    suggested = surrogate().suggest(msgspec.structs.replace(request(trials, count=3), pool=pool))
    assert [int(latent[-2] * 4) for latent in suggested.latents].count(2) >= 2
    assert set(suggested.latents) <= {candidate.latent for candidate in pool}


def test_better_than_chance_at_equal_calls() -> None:
    """After the same number of trials, what is asked next is better than a draw of the same sentences."""
    gains = []
    for seed in range(4):
        world = World(10 + seed)
        trials, suggested = asked(world, 3)
        made = follow(world, trials, suggested)
        values = [[world.chance(t.candidate.body, cell).mean() for cell in CELLS] for t in made]
        chosen = [
            CELLS.index((int(t.candidate.latent[-2] * 4), int(t.candidate.latent[-1] * 3))) for t in made
        ]
        gains.append(np.mean([row[c] - np.mean(row) for row, c in zip(values, chosen, strict=True)]))
    assert min(gains) > 0.1


def test_a_run_takes_about_as_many_calls_as_is_expected(
    tmp_path: Path,
) -> None:
    """What the preset asks again is the surrogate's choice; the estimate has to foretell how much that is."""
    phrases = [f"{do} the word, {how}." for do in ("Take", "Give", "Copy") for how in ("reversed", "twice")]
    settings = {
        "generator": {"name": "phrases", "phrases": [*phrases, "Write it in reverse."], "latent_dim": 4},
        "scorer": {"name": "obedient", "mistakes": 0.3},
        "search": {"rounds": 8},
    }
    planned = izcore.plan("mirror", preset="structured", settings=settings, seed=1, cache=False)
    calls = izcore.execute(planned, db=tmp_path / "runs.sqlite").calls
    estimate = planned.estimate
    assert 0.75 * estimate.expected.calls < calls < 1.25 * estimate.expected.calls < estimate.calls
