"""Main effects of coordinates: what they are computed from, how sure they are, and where they are told."""

import itertools
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from scipy import stats
from support.in_process import called

import izcore
from izcore.plugin.trials import Candidate, Trial
from izcore.search.coordinate_effects import CLEAR, LEAST, NARROW, coordinate_effects

CHOICES = {"form": ("free", "only", "JSON"), "place": ("user", "system")}
EFFECTS = {"only": 0.3, "JSON": -0.1, "system": 0.05}
CELLS = list(itertools.product(*CHOICES.values()))


def trial(body: str, cell: Sequence[str], scores: Sequence[float | None], **more: Any) -> Trial:
    candidate = Candidate(
        latent=(),
        instruction=f"{body} {cell}",
        body=body,
        coordinates=tuple(zip(CHOICES, cell, strict=True)),
    )
    return Trial(index=0, round=0, candidate=candidate, scores=tuple(scores), **more)


def right(rng: np.random.Generator, bodies: int, examples: int) -> dict[tuple[str, tuple[str, ...]], Any]:
    """Right and wrong answers of bodies that meet four cells each, by an additive model."""
    eases = rng.uniform(-0.1, 0.1, examples)
    found = {}
    for body in range(bodies):
        level = rng.uniform(0.25, 0.45)
        for place in rng.permutation(len(CELLS))[:4]:
            share = level + eases + sum(EFFECTS.get(value, 0.0) for value in CELLS[place])
            found[f"body {body}", CELLS[place]] = (rng.random(examples) < share).astype(float)
    return found


def halved(answers: Mapping[tuple[str, tuple[str, ...]], Any], first: int) -> list[Trial]:
    """Trials of these answers: the better half sees twice as many examples, and so on."""
    (examples,) = {len(scores) for scores in answers.values()}
    seen, staying, count = {}, list(answers), first
    while True:
        seen |= dict.fromkeys(staying, count)
        if count == examples or len(staying) == 1:
            return [trial(*key, answers[key][: seen[key]]) for key in answers]
        staying.sort(key=lambda key: -answers[key][:count].mean())
        staying, count = staying[: (len(staying) + 1) // 2], min(2 * count, examples)


def by_dummies(trials: Sequence[Trial], left_out: object = None) -> Any:
    """Effects by the textbook: least squares with a column for every body on every example."""
    rows = [
        (dict(t.candidate.coordinates), (t.candidate.body, example), score)
        for t in trials
        for example, score in enumerate(t.scores)
        if score is not None and left_out not in (t.candidate.body, example, (t.candidate.body, example))
    ]
    places = sorted({place for _, place, _ in rows})
    design = [
        [chosen[name] == value for name, values in CHOICES.items() for value in values[1:]]
        + [place == other for other in places]
        for chosen, place, _ in rows
    ]
    solution, *_ = np.linalg.lstsq(np.array(design, float), np.array([row[2] for row in rows]), rcond=None)
    return solution[:3]


@pytest.mark.parametrize("seed", range(2))
def test_effects_and_intervals_are_those_of_an_independent_computation(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("izcore.search.coordinate_effects.NARROW", 1.0)  # all of them are told
    trials = halved(right(np.random.default_rng(seed), 12, 8), 4)
    whole = by_dummies(trials)
    met = Counter((t.candidate.body, example) for t in trials for example in range(len(t.scores)))
    places = [place for place, cells in met.items() if cells > 1]
    spreads = []
    for labels in ({body for body, _ in places}, {example for _, example in places}, places):
        others = np.array([by_dummies(trials, label) for label in labels])
        spreads.append(((others - whole) ** 2).sum(axis=0) * (len(labels) - 1) / len(labels))
    bodies, examples, both = spreads
    halves = stats.t.ppf(0.975, 7) * np.sqrt(
        np.maximum(bodies + examples - both, np.maximum(bodies, examples))
    )
    found = coordinate_effects(trials, CHOICES)
    assert [effect.value for effect in found] == list(EFFECTS)
    for effect, difference, half in zip(found, whole, halves, strict=True):
        assert effect.difference == pytest.approx(difference)
        assert effect.margin == pytest.approx(half, rel=1e-6)


def test_what_is_told_is_either_sure_or_clear() -> None:
    rng = np.random.default_rng(3)
    told = [effect for _ in range(9) for effect in coordinate_effects(halved(right(rng, 12, 8), 4), CHOICES)]
    assert told
    for effect in told:
        assert effect.margin <= NARROW or abs(effect.difference) >= CLEAR * effect.margin - 1e-9
    assert any(effect.margin > NARROW for effect in told)


def test_intervals_hold_the_true_effect_although_halving_looks_at_scores() -> None:
    rng = np.random.default_rng(1)
    told = [
        effect for _ in range(40) for effect in coordinate_effects(halved(right(rng, 16, 16), 4), CHOICES)
    ]
    covered = [effect.low <= EFFECTS[effect.value] <= effect.high for effect in told]
    assert len(told) > 60
    assert sum(covered) / len(told) >= 0.93
    only = [effect.difference for effect in told if effect.value == "only"]
    assert np.mean(only) == pytest.approx(EFFECTS["only"], abs=0.03)


def test_bodies_that_met_one_choice_say_nothing_whatever_they_score() -> None:
    good = [trial(f"good {n}", ("only", "user"), [1.0] * 9) for n in range(9)]
    bad = [trial(f"bad {n}", ("free", "user"), [0.0] * 9) for n in range(9)]
    assert coordinate_effects([*good, *bad], CHOICES) == ()


def pairs(bodies: int, examples: int, plain: float = 0.0, changed: float = 1.0) -> list[Trial]:
    return [
        trial(f"body {number}", (form, "user"), [score] * examples)
        for number in range(bodies)
        for form, score in (("free", plain), ("only", changed))
    ]


def test_little_evidence_is_not_told() -> None:
    assert coordinate_effects(pairs(20, LEAST - 1), CHOICES) == ()
    assert coordinate_effects(pairs(LEAST - 1, 20), CHOICES) == ()
    assert coordinate_effects(pairs(20, 20, 0.0, 0.0), CHOICES) == (), "no score differs"
    assert coordinate_effects((), CHOICES) == coordinate_effects(pairs(20, 20), {}) == ()


def test_an_effect_that_is_always_the_same_has_an_interval_all_the_same() -> None:
    (effect,) = coordinate_effects(pairs(30, 20), CHOICES)
    assert (effect.coordinate, effect.value, effect.plainest) == ("form", "only", "free")
    assert effect.difference == pytest.approx(1.0)
    assert (effect.low, effect.high) == (pytest.approx(20 / (20 + 1.959964**2)), 1.0)
    assert (effect.bodies, effect.examples) == (30, 20)


def test_what_is_set_aside_or_reused_or_has_other_coordinates_does_not_count() -> None:
    trials = pairs(30, 20)
    wanted = coordinate_effects(trials, CHOICES)
    set_aside = [
        trial(t.candidate.body, ("free" if "free" in str(t.candidate) else "only", "user"), (*t.scores, None))
        for t in trials
    ]
    reused = trial("body 0", ("only", "user"), [0.0] * 20, reused=1)
    other = Trial(index=0, round=0, candidate=Candidate(latent=(), instruction="x"), scores=(1.0,) * 20)
    assert coordinate_effects([*set_aside, reused, other], CHOICES) == wanted


def test_a_result_tells_what_a_form_is_worth_everywhere() -> None:
    reverse = "Write the input in reverse."
    result = izcore.optimize(
        "mirror",
        generator="phrases",
        scorer="obedient",
        surrogate="sobol",
        settings={
            "start": [f"Say it {number} times." for number in range(6)],
            "coordinates": {"form": {"clauses": [reverse]}},
            "search": {"initial": 2, "rounds": 0},
            "splits": {"validation": 20, "retest": 0, "test": 5},
            "evaluation": {"policy": "full"},
        },
    )
    effects = {effect.value: effect for effect in result.effects}
    assert effects[reverse].plainest == "no demand"
    assert effects[reverse].difference > 0.9
    assert izcore.run(result.run_id).result == result
    assert json.loads(izcore.export(result.run_id, format="json"))["result"]["effects"]
    code, shown, _ = called("runs", "show", result.run_id)
    shown = " ".join(shown.split())
    assert code == 0
    assert f"What the form is worth, beside 'no demand': {next(iter(effects))}" in shown
    assert f"{reverse} {effects[reverse].difference:+.2f} ± {effects[reverse].margin:.2f}" in shown
