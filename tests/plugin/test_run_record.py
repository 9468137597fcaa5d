"""A run can be read: as typed records, and as flat rows that make a table."""

import importlib
import importlib.util
import time
from collections import Counter
from typing import Any

import msgspec
import pytest

import izcore
from izcore.api import open_store
from izcore.plugin import Example, Guidance

SMALL: dict[str, Any] = {
    "generator": "phrases",
    "scorer": "obedient",
    "surrogate": "sobol",
    "settings": {
        "search": {"initial": 8, "rounds": 0},
        "splits": {"validation": 4, "retest": 3, "test": 5},
        "evaluation": {"policy": "halving", "first": 2},
        "scorer": {"mistakes": 0.3},
    },
}


@pytest.fixture
def run() -> izcore.Run:
    result = izcore.optimize("mirror", baselines=["Write it backwards."], **SMALL)
    return izcore.run(result.run_id)


def test_a_run_holds_what_was_found(run: izcore.Run) -> None:
    assert izcore.run("last") == run
    (summary,) = izcore.runs()
    assert (summary.id, summary.result, summary.trials) == (run.id, run.result, len(run.trials))
    assert run.status == "done"
    assert run.config["scorer"]["name"] == "obedient"
    assert run.splits is not None
    assert len(run.splits.validation) == 4
    assert "izcore" in run.versions


def test_answers_belong_to_their_examples(run: izcore.Run) -> None:
    assert run.splits is not None
    counted = Counter(answer.trial for answer in run.answers)
    asked = {trial.index: len(trial.scores) for trial in run.trials if trial.reused is None}
    assert counted == asked
    assert len(set(asked.values())) > 1, "halving asks the better ones more"
    assert {answer.split for answer in run.answers} == {"validation", "retest"}
    for answer in run.answers:
        example = getattr(run.splits, answer.split)[answer.example]
        assert (answer.input, answer.targets) == (example.input, example.targets)
        trial = run.trials[answer.trial]
        place = answer.example + (4 if answer.split == "retest" else 0)
        assert (answer.answer, answer.score) == (trial.answers[place], trial.scores[place])


def test_test_scores_have_the_names_of_the_result(run: izcore.Run) -> None:
    assert run.result is not None
    assert run.result.best is not None
    assert run.result.best.test is not None
    first, *others = run.test_scores
    assert (first.name, first.guidance) == ("this instruction", run.result.best.guidance)
    known = [score for score in first.scores if score is not None]
    assert sum(known) / len(known) == pytest.approx(run.result.best.test.score)
    named = {tested.name: tested.guidance.instruction for tested in others}
    assert named == {baseline.name: baseline.instruction for baseline in run.result.baselines}
    assert "Write it backwards." in named.values()


def test_what_was_answered_on_the_test_split_is_kept(run: izcore.Run) -> None:
    assert run.splits is not None
    for tested in run.test_scores:
        assert len(tested.answers) == len(tested.finishes) == len(tested.scores) == 5
        for example, answer, score in zip(run.splits.test, tested.answers, tested.scores, strict=True):
            assert (answer == example.targets[0]) == (score == 1.0)
    rows = [(row["name"], row["answer"], row["finish"]) for row in run.test_rows()]
    answered = [(t.name, a, f) for t in run.test_scores for a, f in zip(t.answers, t.finishes, strict=True)]
    assert rows == answered
    older = [msgspec.structs.replace(tested, answers=(), finishes=()) for tested in run.test_scores]
    scores_alone = msgspec.structs.replace(run, test_scores=tuple(older)).test_rows()
    assert [(row["score"], row["answer"]) for row in scores_alone] == [
        (row["score"], None) for row in run.test_rows()
    ]


def test_rows_are_flat_and_have_the_same_columns(run: izcore.Run) -> None:
    tables = {
        "trials": (run.trial_rows(), len(run.trials)),
        "answers": (run.answer_rows(), len(run.answers)),
        "tests": (run.test_rows(), 5 * len(run.test_scores)),
        "runs": ([each.row() for each in izcore.runs()], 1),
    }
    for name, (rows, length) in tables.items():
        assert len(rows) == length, name
        assert all(list(row) == list(rows[0]) for row in rows), name
        assert all(row["run"] == run.id for row in rows), name
        assert {type(value) for row in rows for value in row.values()} <= {str, int, float, type(None)}
    assert run.result is not None
    assert run.result.best is not None
    assert izcore.runs()[0].row()["instruction"] == run.result.best.instruction


def test_what_was_thought_before_an_answer_has_a_column(run: izcore.Run) -> None:
    assert {row["reasoning"] for row in run.answer_rows()} == {""}
    trials = tuple(
        msgspec.structs.replace(
            trial, reasonings=tuple(f"{trial.index}-{n}" for n in range(len(trial.scores)))
        )
        for trial in run.trials
    )
    rows = msgspec.structs.replace(run, trials=trials).answer_rows()
    first = [row["reasoning"] for row in rows if row["trial"] == 0]
    assert first == [f"0-{n}" for n in range(len(first))]
    older = tuple(msgspec.structs.replace(trial, reasonings=(), finishes=()) for trial in run.trials)
    assert {row["reasoning"] for row in msgspec.structs.replace(run, trials=older).answer_rows()} == {""}


@pytest.mark.skipif(importlib.util.find_spec("pandas") is None, reason="pandas is not installed")
def test_pandas_takes_the_rows(run: izcore.Run) -> None:
    pandas: Any = importlib.import_module("pandas")
    answers = pandas.DataFrame(run.answer_rows())
    means = answers.groupby("trial")["score"].mean()
    for trial in run.trials:
        if trial.reused is None:
            assert means[trial.index] == pytest.approx(trial.mean)


def test_a_few_shot_run_tells_the_exemplars_of_what_was_tested() -> None:
    settings = {**SMALL["settings"], "few_shot": {"examples": 2, "sets": 2}}
    result = izcore.optimize("mirror", **{**SMALL, "settings": settings})
    assert result.best is not None
    tested = {each.name: each.guidance for each in izcore.run("last").test_scores}
    assert tested["this instruction"] == result.best.guidance
    if result.best.exemplars:
        alone = Guidance(instruction="", exemplars=result.best.exemplars)
        assert tested["no instruction, same exemplars"] == alone


def test_a_guidance_is_found_again_by_its_key() -> None:
    exemplars = (Example(input="a", targets=("b",)),)
    for guidance in (
        Guidance(instruction="Reverse it."),
        Guidance(instruction='{"instruction": "x"}'),
        Guidance(instruction="", exemplars=exemplars),
    ):
        assert Guidance.of_key(guidance.key) == guidance


def test_many_runs_are_listed_quickly(run: izcore.Run) -> None:
    planned = izcore.plan("mirror", **SMALL)
    with pytest.raises(izcore.UnknownNameError, match="no run 'nonsense'"):
        izcore.run("nonsense")
    with open_store() as store:
        for number in range(300):
            store.create_run(f"copy-{number}", planned.config, planned.plan, created=float(number))
            store.add_trials(f"copy-{number}", run.trials)
    started = time.perf_counter()
    listed = izcore.runs()
    assert time.perf_counter() - started < 1.0
    assert [each.trials for each in listed] == [8] * 301
