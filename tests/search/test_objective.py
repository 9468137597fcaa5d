"""Penalties for length and cost: ranked by, searched by, and shown; the front of score against length."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import TOY, Iz, assert_explained, result_of, without_times

from izcore.config.schema import Objective
from izcore.plugin.results import ValidationScore
from izcore.plugin.trials import Candidate, Trial
from izcore.search.history import History
from izcore.search.objective import pareto_front, validation_score
from izcore.storage.store import Store

NOISY = ("--set", "scorer.mistakes=0.4", "--set", "splits.validation=16", "--no-cache", "--json")
SEARCH = (
    *("--set", "search.initial=30", "--set", "search.rounds=0"),
    *("--set", "evaluation.policy=full", "--set", "splits.retest=0", *NOISY),
)
LONG = "Write the input in reverse, and take all the care that you can over every letter."

scored = st.lists(
    st.tuples(st.integers(0, 6), st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=4, max_size=6)),
    min_size=1,
    max_size=30,
)


def trials_of(rows: list[tuple[int, list[float]]], objective: Objective) -> list[Trial]:
    return [
        Trial(
            index=index,
            round=0,
            candidate=Candidate(latent=(), instruction=f"{index:02}" + "x" * length),
            scores=tuple(scores),
            penalty=objective.penalty(2 + length, 0.0),
        )
        for index, (length, scores) in enumerate(rows)
    ]


@given(scored)
def test_the_front_is_what_nothing_dominates(rows: list[tuple[int, list[float]]]) -> None:
    trials = trials_of(rows, Objective())
    front = pareto_front(trials, 5)
    count = min(5, max(len(scores) for _, scores in rows))
    assert {point.validation.n for point in front} == {count}
    plane = [
        (len(t.candidate.instruction), sum(t.known_scores[:count]) / count)
        for t in trials
        if len(t.scores) >= count
    ]

    def dominated(point: tuple[int, float]) -> bool:
        return any(p != point and p[0] <= point[0] and p[1] >= point[1] for p in plane)

    found = [(point.length, point.validation.score) for point in front]
    assert found == sorted({point for point in plane if not dominated(point)})
    # Of equals the first tried speaks.
    for point in front:
        first = next(
            t
            for t in trials
            if len(t.scores) >= count
            and (len(t.candidate.instruction), sum(t.known_scores[:count]) / count)
            == (point.length, point.validation.score)
        )
        assert point.instruction == first.candidate.instruction


@given(scored, st.sampled_from([0.0, 1.0, 10.0, 100.0]))
def test_the_best_has_most_evidence_and_then_the_highest_objective(
    rows: list[tuple[int, list[float]]], weight: float
) -> None:
    trials = trials_of(rows, Objective(length_penalty=weight))
    history = History(trials)
    assert history.best is not None
    most = [t for t in trials if len(t.scores) == max(len(s.scores) for s in trials)]
    assert history.best in most
    assert history.best.objective == max(t.objective or 0.0 for t in most)
    assert history.finalists(3)[0] == history.best


def test_a_front_of_nothing_is_empty() -> None:
    assert pareto_front([], 20) == ()
    failed = Trial(index=0, round=0, candidate=Candidate(latent=(), instruction="a"), scores=(None, None))
    assert pareto_front([failed], 20) == ()


def test_a_length_penalty_chooses_a_shorter_instruction_and_says_what_it_took(iz: Iz, tmp_path: Path) -> None:
    plain = result_of(iz("optimize", "mirror", *TOY, *SEARCH))
    penalised = result_of(iz("optimize", "mirror", *TOY, *SEARCH, "--set", "objective.length_penalty=3"))
    with Store(tmp_path / "runs.sqlite") as store:
        trials = [t for t in store.trials(penalised["run_id"]) if t.reused is None]
        free = store.trials(plain["run_id"])
    assert all(t.penalty == pytest.approx(3 * len(t.candidate.instruction) / 100) for t in trials)
    assert all(t.penalty == 0.0 for t in free)
    chosen = max(trials, key=lambda t: (t.mean or 0.0) - t.penalty)
    assert penalised["best"]["instruction"] == chosen.candidate.instruction
    assert penalised["best"]["penalty"] == chosen.penalty
    assert len(penalised["best"]["instruction"]) < len(plain["best"]["instruction"])
    # Both looked at the same sentences, so they have one front, and each winner stands on it.
    assert penalised["front"] == plain["front"]
    assert {plain["best"]["instruction"], penalised["best"]["instruction"]} <= {
        point["instruction"] for point in plain["front"]
    }
    shown = iz("runs", "show", penalised["run_id"]).stdout
    assert "score against length" in shown
    assert "score, less 3 per 100 characters" in shown
    assert f"{chosen.mean:.2f} - {chosen.penalty:.2f} on the 16 examples that chose it" in shown


@pytest.mark.parametrize("policy", ["halving", "racing"])
def test_comparisons_count_the_penalty(iz: Iz, tmp_path: Path, policy: str) -> None:
    # Both reverse; only the penalty tells them apart, and the long one has to leave early.
    few = ("--set", f"evaluation.policy={policy}", "--set", "search.initial=8")
    rest = ("--set", "splits.validation=24", "--set", "splits.retest=0", "--no-cache", "--json")
    weight = ("--set", "objective.length_penalty=3", "--set", "evaluation.first=8")
    one_round = ("--set", "search.rounds=0")
    does = ("--set", 'generator.phrases=["Do it in reverse.", "' + LONG + '"]')
    result = result_of(iz("optimize", "mirror", *TOY, *does, *few, *rest, *weight, *one_round))
    with Store(tmp_path / "runs.sqlite") as store:
        trials = [t for t in store.trials(result["run_id"]) if t.reused is None]
    assert all(t.mean == 1.0 for t in trials)
    lengths = {len(t.candidate.instruction): len(t.scores) for t in trials}
    assert lengths[max(lengths)] < lengths[min(lengths)] == 24


def test_a_cost_penalty_counts_what_answers_cost_whoever_paid(iz: Iz, tmp_path: Path) -> None:
    command = ("optimize", "mirror", *TOY, "--set", "search.initial=12", "--set", "search.rounds=0", "--json")
    objective = ("--set", "objective.cost_penalty=4")
    paid, cached = (result_of(iz(*command, *objective)) for _ in range(2))
    assert cached["calls"] == 0
    with Store(tmp_path / "runs.sqlite") as store:
        trials, again = store.trials(paid["run_id"]), store.trials(cached["run_id"])
    assert [t.penalty for t in trials] == [t.penalty for t in again]
    for trial in trials:
        if trial.calls:
            # A thousand answers cost a thousand times what one did, and each dollar costs four points.
            assert trial.penalty == pytest.approx(4 * 1000 * trial.cost_usd / trial.calls)
            assert trial.penalty > 0
    assert without_times(paid, "calls", "cached_calls", "tokens", "cost_usd") == without_times(
        cached, "calls", "cached_calls", "tokens", "cost_usd"
    )


def test_a_cost_penalty_wants_a_price(iz: Iz, tmp_path: Path) -> None:
    free = tmp_path / "free.toml"
    free.write_text('[prices."obedient-1"]\ninput = 0\noutput = 0\n[objective]\ncost_penalty = 1\n')
    process = iz("optimize", "mirror", *TOY, "--config", str(free), "--dry-run")
    assert_explained(process, "objective.cost_penalty", "prices")
    negative = iz("optimize", "mirror", *TOY, "--set", "objective.length_penalty=-1", "--dry-run")
    assert_explained(negative, "objective.length_penalty")
    unknown = iz("optimize", "mirror", *TOY, "--set", "objective.length=1", "--dry-run")
    assert_explained(unknown, "objective.length", "length_penalty")


@pytest.mark.parametrize(
    ("scores", "told"),
    [
        ((1.0, 1.0, 0.0, 0.5), ValidationScore(score=0.25, n=2, fresh=True)),
        ((1.0, 1.0, None, 0.5), ValidationScore(score=0.5, n=1, fresh=True)),
        ((1.0, 0.0), ValidationScore(score=0.5, n=2, fresh=False)),
        ((1.0, 0.0, None, None), ValidationScore(score=0.5, n=2, fresh=False)),
    ],
)
def test_what_is_told_of_a_winner_is_its_score_on_examples_that_did_not_choose_it(
    scores: tuple[float | None, ...], told: ValidationScore
) -> None:
    trial = Trial(index=0, round=0, candidate=Candidate(latent=(), instruction="x"), scores=scores)
    assert validation_score(trial, 2) == told


def test_finalists_that_saw_unlike_numbers_are_those_of_whom_most_is_expected() -> None:
    failed, lucky, proven = [0.0, 0.0, 0.0, 1.0], [1.0], [1.0] * 18 + [0.0] * 2
    history = History(trials_of([(1, failed), (1, lucky), (1, proven)], Objective()))
    best = [trial.scores for trial in history.finalists(3, unequal=True)]
    assert best == [tuple(proven), tuple(lucky), tuple(failed)]
    assert [trial.scores for trial in history.finalists(3)] == [tuple(proven)]
