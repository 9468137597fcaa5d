"""A warm start: what an earlier run found comes first, for nothing, and only where scores mean the same."""

import os
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from support import TOY, Iz, assert_explained, iz_command, result_of, without_times

import izcore
from izcore.plugin.examples import Splits
from izcore.plugin.trials import Candidate, Trial
from izcore.storage.store import Store

SEARCH = (
    *("--set", "search.initial=12", "--set", "search.batch=6", "--set", "search.rounds=1"),
    *("--set", "splits.validation=12", "--set", "splits.test=20", "--set", "splits.retest=6"),
    *("--set", "scorer.mistakes=0.3", "--json"),
)
FULL = ("--set", "evaluation.policy=full")
HALVING = ("--set", "evaluation.policy=halving")


def optimize(iz: Iz, *more: str, task: str = "mirror") -> dict[str, Any]:
    return result_of(iz("optimize", task, *TOY, *SEARCH, *FULL, *more))


def kept(folder: Path, run_id: str) -> tuple[Splits, tuple[Candidate, ...], list[Trial]]:
    with Store(folder / "runs.sqlite") as store:
        plan = store.run(run_id).plan
        return plan.splits, plan.carried, store.trials(run_id)


@pytest.mark.parametrize(("policy", "seed"), [(FULL, "0"), (HALVING, "5")])
def test_the_best_of_the_earlier_run_come_first_and_cost_nothing(
    iz: Iz, tmp_path: Path, policy: tuple[str, ...], seed: str
) -> None:
    first = optimize(iz, *policy)
    more = ("--warm-start", first["run_id"][:-1], "--set", "warm_start_trials=4", "--seed", seed)
    second = optimize(iz, *policy, *more)
    splits, nothing, earlier = kept(tmp_path, first["run_id"])
    splits_after, carried, trials = kept(tmp_path, second["run_id"])
    assert nothing == ()
    # Another seed would have drawn test examples that the earlier search has seen.
    assert splits_after == splits
    whole = [t for t in earlier if t.reused is None and len(t.scores) >= 12]
    ranked = sorted(whole, key=lambda t: (-sum(t.known_scores[:12]), len(t.candidate.instruction), t.index))
    assert [c.instruction for c in carried] == [t.candidate.instruction for t in ranked[: len(carried)]]
    assert len(carried) == min(4, len(whole))
    for place, candidate in enumerate(carried):
        trial = trials[place]
        assert (trial.candidate, trial.round, trial.calls, trial.cached_calls > 0) == (candidate, 0, 0, True)
        assert trial.scores[:12] == next(
            t.scores[:12] for t in whole if t.candidate.instruction == candidate.instruction
        )
        # Latents mean the same only where the same seed draws the generator.
        assert bool(candidate.latent) == (seed == "0")
    assert second["trials"] == 18
    assert second["best"]["validation"]["score"] >= 0.0
    assert "Starts with the" in iz("runs", "show", second["run_id"]).stdout


def test_the_new_winner_is_at_least_as_good_on_validation(iz: Iz) -> None:
    first = optimize(iz, "--set", "splits.retest=0")
    second = optimize(iz, "--warm-start", "last")
    assert second["best"]["validation"]["n"] == first["best"]["validation"]["n"] == 12
    assert second["best"]["validation"]["score"] >= first["best"]["validation"]["score"]


@pytest.mark.parametrize("surrogate", ["instruction-coupled-completed", "sklearn-gp"])
def test_every_surrogate_starts_warm_from_trials_without_latents(iz: Iz, surrogate: str) -> None:
    optimize(iz)
    warm = ("--warm-start", "last", "--surrogate", surrogate, "--seed", "5")
    assert optimize(iz, *warm)["trials"] == 18


def test_a_finite_pool_is_tried_after_what_is_carried(iz: Iz, tmp_path: Path) -> None:
    optimize(iz, "--set", "warm_start_trials=3")
    prompts = tmp_path / "prompts.txt"
    prompts.write_text("Reverse it.\nWrite the input in reverse.\nRepeat it.\n")
    warm = ("--warm-start", "last", "--set", "warm_start_trials=3", "--generator", f"pool:{prompts}")
    result = optimize(iz, *warm)
    _, carried, trials = kept(tmp_path, result["run_id"])
    own = [t.candidate.instruction for t in trials[len(carried) :]]
    expected = ["Reverse it.", "Write the input in reverse.", "Repeat it."]
    assert own == [text for text in expected if text not in {c.instruction for c in carried}]


def test_a_second_pool_of_latents_is_another(iz: Iz, tmp_path: Path) -> None:
    pool = ("--set", "search.pool=30", "--set", "generator.latent_dim=3")
    first = optimize(iz, *pool)
    second = optimize(iz, *pool, "--warm-start", "last")
    with Store(tmp_path / "runs.sqlite") as store:
        pools = [store.proposal(run["run_id"], -1) for run in (first, second)]
    assert pools[0] is not None
    assert pools[1] is not None
    assert not {c.latent for c in pools[0].candidates} & {c.latent for c in pools[1].candidates}


def test_what_would_not_compare_is_refused(iz: Iz, tmp_path: Path) -> None:
    run = optimize(iz)["run_id"]
    command = ("optimize", "mirror", *TOY, *SEARCH, "--warm-start", run)
    other = iz(*command, "--metric", "same_letters", "--template", "{instruction} {input}")
    assert_explained(other, run, "the metric and the prompt template")
    assert_explained(iz(*command, "--set", "scorer.mistakes=0.1"), run, "the scorer")
    assert_explained(iz(*command, "--set", "task.size=70"), run, "other data")
    assert_explained(iz(*command[:-1], "nowhere"), "nowhere")
    methods = ("--methods", "default,random", "--seeds", "2", "--max-calls", "300")
    warm = tmp_path / "warm.toml"
    warm.write_text(f'warm_start = "{run}"\n')
    compared = iz("compare", "mirror", *methods[:1], f"{warm},random", *methods[2:], *TOY[:4])
    assert_explained(compared, "warm_start")


def test_a_kill_changes_nothing(iz: Iz, tmp_path: Path) -> None:
    run = optimize(iz)["run_id"]
    slow = ("--warm-start", run, "--no-cache", "--set", "scorer.seconds=0.006")
    expected = optimize(iz, *slow)
    command = iz_command("optimize", "mirror", *TOY, *SEARCH, *FULL, *slow)
    moments, known, killed = random.Random(1), {run, expected["run_id"]}, ""
    for _ in range(2):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not killed:
            with Store(tmp_path / "runs.sqlite") as store:
                killed = next((r.id for r in store.runs() if r.id not in known), "")
            time.sleep(0.02)
        time.sleep(moments.uniform(0.3, 1.5))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        command = iz_command("resume", killed)
    with Store(tmp_path / "runs.sqlite") as store:
        finished = store.run(killed).status == "done"
    if not finished:
        result_of(iz("resume", killed, "--json"))
    result = result_of(iz("runs", "show", killed, "--json"))["result"]
    # What a killed process had sent and never read may be billed, and is counted.
    spent = ("calls", "tokens", "cost_usd", "lost_calls", "finishes", "conclusion")
    assert without_times(result, *spent) == without_times(expected, *spent)


def test_python_starts_warm_too(tmp_path: Path) -> None:
    options: dict[str, Any] = {
        **{"generator": "phrases", "scorer": "obedient", "surrogate": "sobol"},
        "settings": {"search": {"initial": 6, "batch": 3, "rounds": 1}, "splits": {"test": 10}},
    }
    first = izcore.optimize("mirror", **options)
    planned = izcore.plan("mirror", warm_start=first.run_id, **options)
    assert planned.config.warm_start == first.run_id
    assert 1 <= len(planned.plan.carried) <= 6
    second = izcore.optimize("mirror", warm_start="last", **options)
    with Store(tmp_path / "runs.sqlite") as store:
        again = store.run(second.run_id).plan
    assert again == msgspec.structs.replace(planned.plan, notes=again.notes)
