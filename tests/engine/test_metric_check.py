"""Metrics that an echo of the input satisfies are told before anything is paid for."""

import json
from pathlib import Path

import pytest
from support import TOY, Iz, result_of

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
