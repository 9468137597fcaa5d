"""The search loop: how many trials it makes, what it pays for, and how it ends."""

from typing import Any

import pytest

import izcore
from izcore.plugin.results import ValidationScore
from izcore.plugin.run_record import Run
from izcore.search.refusals import MARK_UP, REPEAT

SETTINGS: dict[str, Any] = {
    "search": {"initial": 6, "batch": 4, "rounds": 2},
    "splits": {"validation": 10, "test": 10, "retest": 4},
    "evaluation": {"policy": "full"},
}
TWO = ["Write the input in reverse.", "Write the plural."]


def search(**settings: Any) -> Run:
    """Search the words of the toy plugin on all examples, and return the run."""
    result = izcore.optimize(
        "mirror",
        scorer="obedient",
        surrogate="sobol",
        settings={**SETTINGS, "generator": "phrases", **settings},
    )
    return izcore.run(result.run_id)


@pytest.mark.parametrize(("initial", "batch", "rounds"), [(6, 4, 2), (1, 1, 1), (5, 3, 0)])
def test_it_makes_the_trials_that_it_was_asked_for(initial: int, batch: int, rounds: int) -> None:
    run = search(search={"initial": initial, "batch": batch, "rounds": rounds})
    assert [trial.index for trial in run.trials] == list(range(initial + batch * rounds))
    made = [trial.round for trial in run.trials]
    assert made == [0] * initial + [1 + i // batch for i in range(batch * rounds)]


def test_an_instruction_is_paid_for_once() -> None:
    trials = search(generator={"name": "phrases", "phrases": TWO, "latent_dim": 2}).trials
    first: dict[str, int] = {}
    for trial in trials:
        index = first.setdefault(trial.candidate.instruction, trial.index)
        assert (trial.reused, trial.calls) == ((None, trial.calls) if index == trial.index else (index, 0))
        assert trial.scores[:10] == trials[index].scores[:10]
    assert len(first) < len(trials)


def test_finalists_are_compared_on_fresh_examples() -> None:
    run = search(evaluation={"policy": "full", "finalists": 3})
    longer = [trial for trial in run.trials if trial.reused is None and len(trial.scores) == 14]
    assert len(longer) == 3
    assert run.result is not None
    assert run.result.best is not None
    assert run.result.best.instruction in {trial.candidate.instruction for trial in longer}


@pytest.mark.parametrize("evaluation", [{"policy": "halving"}, {"policy": "full", "finalists": 1}])
def test_a_lone_finalist_is_scored_on_fresh_examples(evaluation: dict[str, Any]) -> None:
    """Of four different instructions one is left after two comparisons, or no more than one is wanted."""
    options: dict[str, Any] = {
        "generator": {"name": "phrases", "phrases": TWO[:1], "latent_dim": 2},
        "evaluation": evaluation,
        "search": {"initial": 24, "batch": 1, "rounds": 0},
        "cache": False,
    }
    run, without = search(**options), search(**options, splits={**SETTINGS["splits"], "retest": 0})
    assert run.result is not None
    assert without.result is not None
    assert run.result.best is not None
    (whole,) = (trial for trial in run.trials if trial.reused is None and len(trial.scores) == 14)
    assert run.result.best.instruction == whole.candidate.instruction
    fresh = [score for score in whole.scores[10:] if score is not None]
    assert run.result.best.validation == ValidationScore(score=sum(fresh) / 4, n=4, fresh=True)
    assert run.result.calls == without.result.calls + 4


def test_what_is_suggested_again_sees_more_where_the_policy_lets_it_go_on() -> None:
    run = search(
        generator={"name": "phrases", "phrases": TWO, "latent_dim": 2},
        evaluation={"policy": "stepwise", "finalists": 1},
        splits={**SETTINGS["splits"], "retest": 0},
        cache=False,
    )
    first = {trial.candidate.instruction: trial for trial in run.trials if trial.reused is None}
    rounds = {text: {t.round for t in run.trials if t.candidate.instruction == text} for text in first}
    assert max(map(len, rounds.values())) > 1, "some are suggested again"
    # One example at first, then 2, then 4: one step in each round, however often it is suggested there.
    for text, trial in first.items():
        assert len(trial.scores) == trial.calls == 2 ** (len(rounds[text]) - 1)
    for trial in run.trials:
        whole = first[trial.candidate.instruction]
        assert trial.scores == whole.scores[: len(trial.scores)]
        assert trial is whole or (trial.reused, trial.calls) == (whole.index, 0)


def test_finalists_catch_up_where_nobody_was_dropped() -> None:
    run = search(
        evaluation={"policy": "stepwise", "finalists": 3}, start=["Say nothing."], splits={"retest": 0}
    )
    whole = [trial for trial in run.trials if len(trial.scores) == len(run.splits.validation)]
    assert len(whole) == 3
    assert "Say nothing." in {trial.candidate.instruction for trial in whole}


def test_a_limit_ends_it_between_trials_and_keeps_what_was_paid_for() -> None:
    whole = search()
    calls = sum(trial.calls for trial in whole.trials)
    stopped = search(budget={"max_calls": calls // 2}, cache=False)
    assert 0 < len(stopped.trials) < len(whole.trials)
    assert all(len(trial.known_scores) >= 10 for trial in stopped.trials)
    assert [t.candidate for t in stopped.trials] == [t.candidate for t in whole.trials[: len(stopped.trials)]]


def test_what_is_refused_is_kept_and_told_and_costs_no_call() -> None:
    first = search().splits
    assert first is not None
    leaking = f"Write {first.demonstrations[0].full_input!r} as {first.demonstrations[0].targets[0]!r}."
    phrases = {"name": "phrases", "phrases": [*TWO, leaking, "<INS>Write the plural"], "latent_dim": 2}
    run = search(generator=phrases, cache=False)
    refused = [trial for trial in run.trials if trial.candidate.refused]
    assert {trial.candidate.refused for trial in refused} == {REPEAT, MARK_UP}
    assert all((trial.scores, trial.calls, trial.reused) == ((), 0, None) for trial in refused)
    assert run.result is not None
    scored = {trial.candidate.instruction for trial in run.trials if not trial.candidate.refused}
    assert run.result.unique_instructions == len(scored)
    assert run.result.notes[0].startswith(f"{len(refused)} of {len(run.trials)} instructions were refused")
