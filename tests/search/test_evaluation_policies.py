"""Halving, racing and finalists: fewer calls, the same winner where it is clear, nothing lost."""

import math
from pathlib import Path

import msgspec
import pytest
from support import TOY, Iz, result_of, without_times

import izcore
from izcore.plugin import TrialFinished, hookimpl
from izcore.plugin.errors import InterruptedRunError
from izcore.storage.store import Store

MANY = (
    "--set",
    f"generator.phrases={[f'Sentence {n}.' for n in range(30)] + ['Write the input in reverse.']}",
)
ONE_ROUND = ("--set", "search.initial=60", "--set", "search.rounds=0", "--set", "splits.validation=16")
FULL = ("--set", "evaluation.policy=full")
SEARCH = (*ONE_ROUND, *FULL, "--set", "splits.retest=0", "--json")
HALVING = tuple(
    part for key in ("policy=halving", "first=4", "reduction=3") for part in ("--set", f"evaluation.{key}")
)
RACING = ("--set", "evaluation.policy=racing", "--set", "evaluation.first=8")


def test_halving_finds_what_the_full_search_finds_for_fewer_calls(iz: Iz, tmp_path: Path) -> None:
    full = result_of(iz("optimize", "mirror", *TOY, *MANY, *SEARCH, "--no-cache"))
    halved = result_of(iz("optimize", "mirror", *TOY, *MANY, *SEARCH, *HALVING, "--no-cache"))
    assert full["best"]["instruction"] == halved["best"]["instruction"] == "Write the input in reverse."
    assert halved["best"]["validation"]["n"] == 16
    assert halved["unique_instructions"] == full["unique_instructions"]
    with Store(tmp_path / "runs.sqlite") as store:
        lengths = [len(t.scores) for t in store.trials(halved["run_id"]) if t.reused is None]
    assert set(lengths) <= {4, 8, 16}
    # By hand: all see 4 examples, a third of them (rounded up) 8, a third of those 16.
    second = math.ceil(len(lengths) / 3)
    third = math.ceil(second / 3)
    assert sum(lengths) == 4 * len(lengths) + 4 * second + 8 * third
    # The final test (60 examples each for winner and baselines) costs the same in both.
    assert full["calls"] - halved["calls"] == 16 * len(lengths) - sum(lengths)


def test_a_preset_of_another_policy_leaves_its_options_behind() -> None:
    def evaluation(settings: dict[str, object]) -> object:
        planned = izcore.plan("mirror", generator="phrases", scorer="obedient", settings=settings)
        return msgspec.to_builtins(planned.config.evaluation)

    halving = {"name": "halving", "options": {"first": 1, "reduction": 2.0}}
    assert evaluation({}) == {"policy": halving, "finalists": 4}
    racing = {"name": "racing", "options": {"first": 4, "risk": 0.2}}
    assert evaluation({"evaluation": {"policy": "racing", "risk": "0.2", "finalists": "2"}}) == {
        "policy": racing,
        "finalists": 2,
    }
    changed = evaluation({"evaluation": {"reduction": 4}})
    assert changed == {
        "policy": {"name": "halving", "options": {"first": 1, "reduction": 4.0}},
        "finalists": 4,
    }
    assert evaluation({"evaluation": {"policy": "full"}}) == {
        "policy": {"name": "full", "options": {}},
        "finalists": 4,
    }


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"policy": "racing", "reduction": 2}, "evaluation.reduction: unknown option"),
        ({"policy": "halving", "reduction": 1}, "evaluation.reduction: expected"),
        ({"finalists": 0}, "evaluation.finalists: expected"),
        ({"policy": "halfing"}, "no evaluation policy named 'halfing'"),
    ],
)
def test_wrong_settings_of_a_policy_are_refused_by_key(settings: dict[str, object], key: str) -> None:
    with pytest.raises(izcore.UsageError, match=key):
        izcore.plan("mirror", generator="phrases", scorer="obedient", settings={"evaluation": settings})


def test_two_equal_halving_runs_are_equal(iz: Iz) -> None:
    command = ("optimize", "mirror", *TOY, *MANY, *SEARCH, *HALVING, "--no-cache")
    one, two = result_of(iz(*command)), result_of(iz(*command))
    assert without_times(one) == without_times(two)


@pytest.mark.parametrize("limit", [60, 90, 130])
def test_a_budget_that_ends_between_rungs_keeps_the_best_so_far(iz: Iz, limit: int) -> None:
    sizes = ("--set", "splits.test=10", "--max-calls", str(limit))
    result = result_of(iz("optimize", "mirror", *TOY, *MANY, *SEARCH, *HALVING, *sizes, "--no-cache"))
    assert result["calls"] <= limit
    assert result["best"]["test"]["score"] is not None
    assert "budget is used up" in result["conclusion"]


def test_a_surrogate_learns_from_trials_of_different_lengths(iz: Iz) -> None:
    command = (
        "optimize",
        "mirror",
        *TOY[:4],
        "--surrogate",
        "instruction-coupled-completed",
        *MANY,
        *HALVING,
    )
    sizes = ("--set", "search.initial=12", "--set", "search.batch=8", "--set", "search.rounds=2", "--json")
    result = result_of(iz(*command, *MANY, *HALVING, *sizes))
    assert result["trials"] == 28


def test_racing_finds_the_same_winner_for_fewer_calls(iz: Iz, tmp_path: Path) -> None:
    longer = ("--set", "splits.validation=24", "--no-cache")
    raced = result_of(iz("optimize", "mirror", *TOY, *MANY, *SEARCH, *RACING, *longer))
    assert raced["best"]["instruction"] == "Write the input in reverse."
    assert raced["best"]["validation"]["n"] == 24
    with Store(tmp_path / "runs.sqlite") as store:
        trials = [t for t in store.trials(raced["run_id"]) if t.reused is None]
    assert {len(t.scores) for t in trials} == {16, 24}
    assert all(t.mean == 1.0 for t in trials if len(t.scores) == 24)


def test_finalists_are_compared_on_fresh_examples(iz: Iz, tmp_path: Path) -> None:
    command = ("optimize", "mirror", *TOY, *MANY, *SEARCH, "--no-cache")
    plain = result_of(iz(*command))
    retested = result_of(iz(*command, "--set", "splits.retest=10", "--set", "splits.test=30"))
    with Store(tmp_path / "runs.sqlite") as store:
        plan = store.run(retested["run_id"]).plan
        trials = store.trials(retested["run_id"])
    lengths = [len(t.scores) for t in trials if t.reused is None]
    assert sorted(lengths)[-5:] == [16, 26, 26, 26, 26]
    inputs = [
        e.input for part in (plan.splits.validation, plan.splits.retest, plan.splits.test) for e in part
    ]
    assert len(inputs) == len(set(inputs)) == 56
    best = retested["best"]
    (winner,) = [t for t in trials if t.candidate.instruction == best["instruction"] and t.reused is None]
    fresh = winner.scores[16:]
    assert best["validation"] == {"score": sum(fresh) / 10, "n": 10, "fresh": True}
    assert plain["best"]["validation"]["fresh"] is False
    shown = iz("runs", "show", retested["run_id"]).stdout
    assert "validation  n   fresh  n" in shown
    assert f"validation {sum(fresh) / 10:.2f} on 10 fresh examples" in shown
    assert "on the 16 examples that chose it" in iz("runs", "show", plain["run_id"]).stdout
    # Four finalists see ten more examples; the final test has 30 examples fewer for each of three.
    tested = 3 * (len(store_test(tmp_path, plain["run_id"])) - 30)
    assert retested["calls"] == plain["calls"] + 40 - tested


def store_test(folder: Path, run_id: str) -> tuple[object, ...]:
    with Store(folder / "runs.sqlite") as store:
        return store.run(run_id).plan.splits.test


@pytest.mark.parametrize("limit", [150, 200, 260])
def test_a_budget_leaves_the_finalists_comparable(iz: Iz, tmp_path: Path, limit: int) -> None:
    sizes = ("--set", "splits.test=10", "--set", "splits.retest=10", "--max-calls", str(limit))
    result = result_of(iz("optimize", "mirror", *TOY, *MANY, *SEARCH, *HALVING, *sizes, "--no-cache"))
    assert result["calls"] <= limit
    with Store(tmp_path / "runs.sqlite") as store:
        lengths = [len(t.scores) for t in store.trials(result["run_id"]) if t.reused is None]
    # All of them were tested again or none.
    assert lengths.count(26) in (0, 2, 3, 4)
    assert result["best"]["test"]["n"] == 10


def test_a_pool_is_written_once_and_each_instruction_paid_for_once(iz: Iz, tmp_path: Path) -> None:
    pool = ("--set", "search.pool=80", "--set", "search.initial=8", "--set", "search.batch=8")
    command = ("optimize", "mirror", *TOY, *SEARCH, "--set", "search.rounds=2", *pool, "--no-cache")
    result = result_of(iz(*command))
    assert result["trials"] == result["unique_instructions"]
    with Store(tmp_path / "runs.sqlite") as store:
        written = store.proposal(result["run_id"], -1)
        trials = store.trials(result["run_id"])
    assert written is not None
    # What repeats another is kept too, for surrogates that learn from it.
    assert len(written.candidates) == 80
    texts = {candidate.instruction for candidate in written.candidates}
    assert len(texts) < 80
    assert {t.candidate for t in trials} <= set(written.candidates)
    assert result["trials"] == min(24, len(texts))
    assert without_times(result) == without_times(result_of(iz(*command)))


@pytest.mark.parametrize("limit", [60, 150, 400, 5000])
def test_a_low_limit_leaves_most_calls_to_the_search(limit: int) -> None:
    unlimited = izcore.plan("mirror", generator="phrases", scorer="obedient").plan.splits
    planned = izcore.plan("mirror", generator="phrases", scorer="obedient", max_calls=limit)
    splits = planned.plan.splits
    tested, compared = 3 * len(splits.test), 4 * len(splits.retest)
    assert 0 < tested <= limit / 2
    assert compared <= (limit - tested) / 4
    # Nothing is shortened by more than that, and what is is said.
    assert splits.test == unlimited.test or tested + 3 > limit / 2
    assert splits.retest == unlimited.retest or compared + 4 > (limit - tested) / 4
    shortened = [name for name in ("test", "retest") if getattr(splits, name) != getattr(unlimited, name)]
    said = [note.partition(":")[0] for note in planned.plan.notes if "left for the search" in note]
    assert said == shortened


def test_a_policy_says_how_many_instructions_a_round_has(iz: Iz, tmp_path: Path) -> None:
    """Hyperband on 16 examples: brackets of 4, 3 and 3, then again; the user's own come on top."""
    sizes = ("--set", "splits.validation=16", "--set", "splits.retest=0", "--set", "splits.test=10")
    hyperband = ("--set", "evaluation.policy=hyperband", "--set", "evaluation.first=4")
    command = ("optimize", "mirror", *TOY, *MANY, *sizes, *hyperband, "--no-cache", "--json")
    search = ("--set", "search.initial=8", "--set", "search.batch=8", "--set", "search.rounds=1")
    result = result_of(iz(*command, *search, "--start", "Say it."))
    with Store(tmp_path / "runs.sqlite") as store:
        trials = store.trials(result["run_id"])
    rounds = [[len(t.scores) for t in trials if t.round == n] for n in range(trials[-1].round + 1)]
    assert [len(each) for each in rounds] == [5, 3, 3, 4, 2]
    assert [each[0] for each in map(sorted, rounds)] == [4, 8, 16, 4, 8]
    assert without_times(result) == without_times(result_of(iz(*command, *search, "--start", "Say it.")))


def test_the_estimate_knows_the_rounds_of_a_policy() -> None:
    settings = {
        "splits": {"validation": 80, "test": 10, "retest": 0},
        "search": {"initial": 8, "batch": 9, "rounds": 4},
        "evaluation": {"policy": "hyperband"},
    }
    planned = izcore.plan("mirror", generator="phrases", scorer="obedient", settings=settings)
    calls = sum(part.calls for part in planned.estimate.parts if part.phase == "search")
    brackets = (8 * 10 + 4 * 10 + 2 * 20 + 40, 6 * 20 + 3 * 20 + 2 * 40, 4 * 40 + 2 * 40, 4 * 80)
    assert calls == 2 * sum(brackets)


class Interrupting:
    """An observer during whose work on one trial somebody presses Ctrl-C."""

    @hookimpl
    def izcore_trial_finished(self, event: TrialFinished) -> None:
        if event.trial.index == 3:
            raise KeyboardInterrupt


def test_a_run_cut_off_among_the_trials_of_a_round_compares_them_as_if_it_had_not_been(
    tmp_path: Path,
) -> None:
    phrases = [f"Sentence {n}." for n in range(30)] + ["Write the input in reverse."]
    settings = {
        "generator": {"name": "phrases", "phrases": phrases},
        "scorer": {"name": "obedient", "mistakes": 0.3},
        "surrogate": "sobol",
        "search": {"initial": 40, "batch": 20, "rounds": 1},
        "evaluation": {"policy": "halving", "first": 1, "reduction": 2},
    }
    whole, cut = tmp_path / "whole.sqlite", tmp_path / "cut.sqlite"
    expected = izcore.optimize("mirror", settings=settings, db=whole)
    with pytest.raises((KeyboardInterrupt, InterruptedRunError)):
        izcore.optimize("mirror", settings=settings, db=cut, observers={"interrupting": Interrupting()})
    resumed = izcore.resume("last", db=cut)
    with Store(whole) as first, Store(cut) as second:
        assert second.trials(resumed.run_id) == first.trials(expected.run_id)
    assert resumed.best == expected.best
