"""A task whose input is in several columns, from the file to the prompts."""

import json
from pathlib import Path

import pytest
from support import ROOT, TOY, Iz, assert_explained, result_of, write_lines

import izcore
from izcore.api import open_store

TEMPLATE = "{instruction}\n\n{origin} -> {question}\nSay {{town}}:"
SMALL = ("--set", "search.rounds=0", "--set", "search.initial=2")


@pytest.fixture
def towns(tmp_path: Path) -> str:
    rows = [f"{n},P{n} was born in T{n}.,Where was P{n} born?,T{n},north" for n in range(40)]
    return str(write_lines(tmp_path / "towns.csv", ["row,origin,question,town,region", *rows]))


def prompts_of(log: Path) -> list[str]:
    return [json.loads(line)["prompt"] for line in log.read_text().splitlines()]


def test_columns_that_are_not_shown_are_named_everywhere(iz: Iz, towns: str) -> None:
    task = (towns, "--set", "task.target=town")
    notes = [
        result_of(iz("tasks", "check", *task, "--json"))["notes"],
        result_of(iz("tasks", "show", *task, "--json"))["notes"],
        result_of(iz("optimize", *task, *TOY, "--dry-run", "--json"))["notes"],
    ]
    for each in notes:
        assert any(note.startswith("Not used: 'row', 'origin', 'region'.") for note in each), each
    shown = result_of(iz("tasks", "check", *task, "--template", TEMPLATE, "--json"))["notes"]
    assert any(note.startswith("Not used: 'row', 'region'.") for note in shown), shown


def test_an_unknown_name_is_refused_before_anything_is_asked(iz: Iz, towns: str, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    task = (towns, "--set", "task.target=town", "--template", "{instruction} {orign} {input}")
    process = iz("optimize", *task, *TOY, "--log-file", str(log))
    assert_explained(process, "no field 'orign'", "{origin}", "{question}", "{{orign}}")
    assert not log.exists() or not log.read_text()


def test_prompts_exemplars_and_records_show_the_columns(iz: Iz, towns: str, tmp_path: Path) -> None:
    log, db = tmp_path / "log.jsonl", tmp_path / "runs.db"
    options = ("--template", TEMPLATE, "--set", "task.target=town", "--set", "few_shot.examples=1")
    result = result_of(
        iz(
            *("optimize", towns, *TOY, *SMALL, *options),
            *("--db", str(db), "--log-file", str(log), "--log-text", "--json"),
        )
    )
    prompts = prompts_of(log)
    shown = [prompt.count(" -> Where was P") for prompt in prompts]
    assert set(shown) == {1, 2}, "with an exemplar and without"
    assert all(prompt.endswith("born?\nSay {town}:") for prompt in prompts)
    assert not any("north" in prompt for prompt in prompts)
    rows = iz("runs", "export", result["run_id"], "--format", "csv:answers", "--db", str(db)).stdout
    assert "Origin: P" in rows
    assert "Question: Where was P" in rows


def test_a_run_that_goes_on_finds_its_task_unchanged(iz: Iz, towns: str, tmp_path: Path) -> None:
    toys = dict(zip(("generator", "scorer", "surrogate"), TOY[1::2], strict=True))
    settings = {**toys, "search": {"rounds": 0, "initial": 2}, "task": {"target": "town"}}
    planned = izcore.plan(towns, prompt_template=TEMPLATE, settings=settings)
    with open_store(tmp_path / "runs.db") as store:
        store.create_run("begun", planned.config, planned.plan, created=0.0)
    assert result_of(iz("resume", "begun", "--db", str(tmp_path / "runs.db"), "--json"))["status"] == "done"


def test_the_example_of_the_tutorial_is_guessed_as_the_tutorial_says(iz: Iz) -> None:
    task = str(ROOT / "docs" / "examples" / "parcels.csv")
    guessed = result_of(iz("tasks", "show", task, "--json"))
    assert guessed["prompt_template"].endswith("\n\nPassage: {passage}\nQuestion: {question}\nOutput:")
    assert any(note.startswith("Not used: 'note_id'.") for note in guessed["notes"])
    named = ("--set", 'task.input=["passage", "question"]', "--set", "task.target=answer")
    said = result_of(iz("tasks", "show", task, *named, "--json"))
    assert (said["prompt_template"], said["first"]) == (guessed["prompt_template"], guessed["first"])
