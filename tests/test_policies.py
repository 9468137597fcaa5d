"""Successive halving: fewer calls, the same winner where it is clear, and nothing lost on the way."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import TOY, Iz, result_of, without_times

from izcore.config import EvaluationPolicy
from izcore.policies import rungs
from izcore.store import Store

MANY = (
    "--set",
    f"generator.phrases={[f'Sentence {n}.' for n in range(30)] + ['Write the input in reverse.']}",
)
SEARCH = ("--set", "search.initial=60", "--set", "search.rounds=0", "--set", "splits.validation=16", "--json")
HALVING = ("--set", "evaluation.policy=halving")


@given(first=st.integers(1, 60), examples=st.integers(1, 200))
def test_rungs_grow_to_all_examples(first: int, examples: int) -> None:
    sizes = rungs(EvaluationPolicy(policy="halving", first=first), examples)
    assert sizes == sorted(set(sizes))
    assert sizes[-1] == examples
    assert sizes[0] == min(first, examples)
    assert len(sizes) <= math.log2(examples) + 2


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
