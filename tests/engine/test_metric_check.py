"""Metrics that an echo of the input satisfies are told before anything is paid for."""

import json
from pathlib import Path
from typing import Any

import pytest
from support import TOY, Iz, result_of
from support.in_process import called

import izcore
from izcore.config.paths import Paths
from izcore.engine.metric_check import check_metric
from izcore.plugin import Example
from izcore.registry.registry import Registry, discover

ANIMALS = [("cat, elephant", "elephant"), ("whale, dog", "whale"), ("ant, horse", "horse")]


def task_of(rows: list[dict[str, object]], folder: Path) -> str:
    path = folder / "animals.jsonl"
    path.write_text(
        "\n".join(json.dumps({**row, "input": f"{i}: {row['input']}"}) for i, row in enumerate(rows))
    )
    return str(path)


def notes_of(iz: Iz, task: str, *more: str) -> list[str]:
    planned = result_of(iz("optimize", task, *TOY, "--dry-run", "--json", *more))
    return [str(note) for note in planned["notes"] if "repeats" in note]


@pytest.fixture
def animals(tmp_path: Path) -> str:
    return task_of([{"input": pair, "target": larger} for pair, larger in ANIMALS * 8], tmp_path)


def test_a_metric_that_an_echo_satisfies_is_named_with_one_that_it_does_not(iz: Iz, animals: str) -> None:
    assert notes_of(iz, animals, "--metric", "contains") == [
        "An answer that only repeats the input scores 1.00 by contains, which may be too loose for this "
        "task; exact_match gives it 0.00."
    ]
    assert notes_of(iz, animals, "--metric", "exact_match") == []


@pytest.mark.parametrize("metric", ["contains", "f1", "regex:{target}", "exact_set"])
def test_a_check_of_the_task_and_the_python_api_say_what_a_dry_run_says(animals: str, metric: str) -> None:
    planned = izcore.plan(animals, metric=metric, generator="phrases", scorer="obedient", surrogate="sobol")
    found = [note for note in planned.plan.notes if "repeats" in note]
    code, out, _ = called("tasks", "check", animals, "--metric", metric, "--json")
    assert code == 0
    assert [note for note in json.loads(out)["notes"] if "repeats" in note] == found
    assert len(found) == (0 if metric == "exact_set" else 1)
    for note in found:
        assert f"by {metric.split(':')[0]}, which" in note
        assert "exact_match gives it 0.00" in note


def test_the_metric_that_is_checked_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    builds = []
    build = Registry.build

    def counted(self: Registry, kind: Any, *more: Any) -> Any:
        builds.append(kind)
        return build(self, kind, *more)

    monkeypatch.setattr(Registry, "build", counted)
    registry = discover()
    examples = [Example(input=f"{n}", targets=("x",)) for n in range(3)]
    choice = registry.choose("metric", "exact_match", {})
    assert check_metric(registry, choice, examples, Paths.of_this_user()) == ()
    assert builds == ["metric"]


def test_of_long_texts_no_metric_is_proposed_that_no_answer_satisfies(tmp_path: Path) -> None:
    said = "the parcel was left with a neighbour on the third floor"
    rows: list[dict[str, object]] = [
        {"input": f"Please note that {said}, at {n} o'clock.", "target": f"{said} at {n}"} for n in range(24)
    ]
    _, out, _ = called("tasks", "check", task_of(rows, tmp_path), "--metric", "f1", "--json")
    (note,) = json.loads(out)["notes"][-1:]
    assert "shares words with what is wanted" in note
    assert "exact_match" not in note


def test_among_choices_the_metric_for_choices_is_proposed(iz: Iz, tmp_path: Path) -> None:
    rows = [
        {"input": f"{pair}?", "target": larger, "choices": pair.split(", ")} for pair, larger in ANIMALS * 8
    ]
    chosen = ("--metric", "contains", "--set", "task.choices=choices")
    (note,) = notes_of(iz, task_of(rows, tmp_path), *chosen)
    assert "choice:only gives it 0.00" in note


def test_a_task_whose_answer_is_the_input_is_told_as_such(iz: Iz, tmp_path: Path) -> None:
    path = tmp_path / "same.jsonl"
    words = [f"word{i}" for i in range(30)]
    path.write_text("\n".join(json.dumps({"input": word, "target": word}) for word in words))
    checked = result_of(iz("tasks", "check", str(path), "--json"))
    assert checked["notes"][-1] == (
        "An answer that only repeats the input scores 1.00 by exact_match: what is wanted is close to the "
        "input."
    )
