"""Runs that belong together share their examples, are found again, and tell of more than their winner."""

import json
from pathlib import Path
from typing import Any

import pytest
from support import write_lines

import izcore
from izcore import IzError, UsageError
from izcore.plugin import Guidance

COMMON: dict[str, Any] = {
    "task": "mirror",
    "generator": "phrases",
    "scorer": "obedient",
    "surrogate": "sobol",
    "search": {"initial": 6, "batch": 3, "rounds": 1},
    "splits": {"test": 10},
}


def planned(**changes: dict[str, Any]) -> dict[str, izcore.PlannedRun]:
    configs = {name: izcore.configure([COMMON, change]) for name, change in changes.items()}
    return izcore.plan_paired(configs)


def test_paired_runs_share_their_examples() -> None:
    both = planned(small={"splits": {"validation": 4}}, large={"baselines": ["Repeat the input."]})
    small, large = (each.plan.splits for each in both.values())
    assert small.test == large.test
    assert small.demonstrations == large.demonstrations
    assert small.validation == large.validation[:4]
    assert len(large.validation) > 4


def test_templates_that_tell_other_examples_apart_are_refused(tmp_path: Path) -> None:
    rows = [{"premise": f"P{n}.", "hypothesis": f"H{n % 20}.", "label": f"L{n}"} for n in range(40)]
    path = write_lines(tmp_path / "pairs.jsonl", [json.dumps(row) for row in rows])
    task = {"name": str(path), "input": "hypothesis"}
    both, one = "{instruction} {premise} {hypothesis}", "{instruction} {hypothesis}"
    first = {"task": task, "prompt_template": both}
    alike = planned(a=first, b={"task": task, "prompt_template": f"{both}:"})
    assert len({each.plan.splits.test for each in alike.values()}) == 1
    with pytest.raises(UsageError, match="b: to its prompt template other examples look alike"):
        planned(a=first, b={"task": task, "prompt_template": one})


def test_what_does_not_belong_together_is_refused() -> None:
    with pytest.raises(UsageError, match="b: runs that share their examples have one task and one seed"):
        planned(a={"seed": 1}, b={"seed": 2})
    with pytest.raises(UsageError, match="b: warm_start"):
        planned(a={}, b={"warm_start": "last"})


def test_a_planned_run_is_found_again_and_tells_of_more_than_its_winner() -> None:
    plan = planned(only={})["only"]
    assert izcore.find_run(plan) is None
    result = izcore.execute(plan)
    found = izcore.find_run(plan)
    assert found is not None
    assert found.id == result.run_id
    assert izcore.progress(found.id).trials == result.trials
    assert izcore.progress(found.id).calls == result.calls + result.cached_calls
    led = izcore.trajectory(found.id)
    assert result.best is not None
    assert led.incumbents[-1].guidance == result.best.guidance
    more = Guidance(instruction="Write the input twice.")
    izcore.score_held_out(found.id, [result.best.guidance, more])
    scores = {tested.guidance: tested.scores for tested in izcore.run(found.id).test_scores}
    assert scores[more] == (0.0,) * 10
    assert izcore.runs()[0].result == result, "calls of later scores are outside of the run"


def test_a_run_that_has_not_ended_keeps_its_test_examples_sealed(tmp_path: Path) -> None:
    down = tmp_path / "down"
    failing = {"scorer": {"name": "obedient", "down": str(down)}, "retries": {"tries": 1, "max_failures": 1}}
    down.touch()
    with pytest.raises(IzError):
        izcore.execute(planned(only=failing)["only"])
    (run,) = izcore.runs()
    with pytest.raises(UsageError, match="its test examples stay sealed"):
        izcore.score_held_out(run.id, [Guidance(instruction="Repeat the input.")])
