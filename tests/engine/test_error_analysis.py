"""The winner's wrong answers, scores by class, and the answers to one example."""

import json
from pathlib import Path

import msgspec
import pytest
from support import TOY, Iz, assert_explained, result_of, write_lines
from support.in_process import called

import izcore
from izcore.engine.error_analysis import OTHER, class_scores, label_in, winner_answers
from izcore.plugin import Example, Guidance, Splits
from izcore.plugin.run_record import THIS_INSTRUCTION
from izcore.testing.sample_run import sample_run

SMALL = ("--set", "search.initial=4", "--set", "search.rounds=0", "--set", "splits.test=8")
LABELS = ("good", "bad", "very bad")


def classified(*answers: tuple[str, str, float | None]) -> izcore.Run:
    """A run whose winner was given these answers to test examples with these targets."""
    examples = tuple(
        Example(input=f"text {number}", targets=(target,)) for number, (target, _, _) in enumerate(answers)
    )
    more = tuple(Example(input=f"other {number}", targets=(LABELS[number % 3],)) for number in range(12))
    tested = izcore.InstructionScores(
        name=THIS_INSTRUCTION,
        guidance=Guidance(instruction="Judge."),
        scores=tuple(score for *_, score in answers),
        answers=tuple(answer for _, answer, _ in answers),
    )
    splits = Splits(demonstrations=more[:3], validation=more[3:], test=examples)
    return msgspec.structs.replace(sample_run("Judge."), splits=splits, test_scores=(tested,))


@pytest.mark.parametrize(
    ("answer", "label"),
    [
        ("Good.", "good"),
        ("I think it is very bad", "very bad"),
        ("bad", "bad"),
        ("good or bad", OTHER),
        ("badly", OTHER),
        ("", OTHER),
    ],
)
def test_an_answer_names_the_label_that_it_is_or_holds(answer: str, label: str) -> None:
    assert label_in(answer, LABELS) == label


def test_classes_tell_what_is_taken_for_what() -> None:
    answers = [("good", "good", 1.0), ("good", "bad", 0.0), ("bad", "It is bad.", 1.0), ("bad", "?", 0.0)]
    run = classified(*answers, ("bad", "x", None))
    found = {each.label: each for each in class_scores(run, winner_answers(run, test_alone=True))}
    good, bad = found["good"], found["bad"]
    assert (good.examples, good.score, good.answered, good.precision) == (2, 0.5, 1, 1.0)
    assert (bad.examples, bad.score, bad.answered, bad.precision) == (2, 0.5, 2, 0.5)
    assert good.confusion == {"good": 1, "bad": 1}
    assert bad.confusion == {"bad": 1, OTHER: 1}


def test_open_targets_have_no_classes() -> None:
    run = sample_run("Add s.")
    with pytest.raises(izcore.UsageError, match="not a few labels"):
        class_scores(run, winner_answers(run))


def test_an_older_run_has_scores_without_answers() -> None:
    run = classified(("good", "good", 1.0), ("bad", "good", 0.0))
    scores = msgspec.structs.replace(run.test_scores[0], answers=())
    older = msgspec.structs.replace(run, test_scores=(scores,))
    assert [each.answer for each in winner_answers(older, test_alone=True)] == [None, None]


def test_wrong_answers_are_shown_at_any_width(
    iz: Iz, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("izcore_tasks", reason="the run's task is a CSV file")
    lines = [f"word{number} {'long ' * 20},{LABELS[number % 3]}" for number in range(60)]
    task = write_lines(tmp_path / "labels.csv", ["input,output", *lines])
    result = result_of(iz("optimize", str(task), *TOY, *SMALL, "--metric", "contains", "--json"))
    for columns in (60, 80, 120):
        monkeypatch.setenv("COLUMNS", str(columns))
        code, wrong, _ = called("runs", "show", "last", "--wrong")
        assert code == 0
        assert max(map(len, wrong.splitlines())) <= columns
        assert "validation 0" in wrong
        assert "test 0" in wrong
    told = json.loads(called("runs", "show", "last", "--wrong", "--test", "--json")[1])["answers"]
    missed = round((1 - result["best"]["test"]["score"]) * 8)
    assert [each["split"] for each in told] == ["test"] * missed
    assert "very bad" in called("runs", "show", "last", "--by-class")[1]
    classes = json.loads(called("runs", "show", "last", "--by-class", "--json")[1])["classes"]
    assert sum(each["examples"] for each in classes) == 8
    one = json.loads(called("runs", "show", "last", "--example", "3", "--json")[1])
    assert [each["name"] for each in one["answers"]][:2] == [THIS_INSTRUCTION, "no instruction"]
    assert one["answers"][0]["answer"] in called("runs", "show", "last", "--example", "3")[1]
    for arguments, *messages in (
        (("--example", "8"), "no test example 8", "0 to 7"),
        (("--wrong", "--by-class"), "Choose one"),
    ):
        assert_explained(iz("runs", "show", "last", *arguments), *messages)
