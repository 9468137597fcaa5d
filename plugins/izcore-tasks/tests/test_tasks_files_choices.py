"""Multiple choice: choices are shown, and targets mean what the whole file says that they mean."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from izcore.plugin import DataError, TaskData

Load = Callable[..., TaskData]
OPTIONS = ["red", "green", "blue"]


def write(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / "quiz.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def asked(answer: Any, number: int, **more: Any) -> dict[str, Any]:
    return {"question": f"Which colour, {number}?", "options": OPTIONS, "answer": answer, **more}


def meant(load: Load, folder: Path, *answers: Any, **options: Any) -> list[str]:
    path = write(folder, *(asked(answer, number) for number, answer in enumerate(answers)))
    return [example.targets[0] for example in load(path, choices="options", **options).examples]


def test_the_model_sees_the_choices_with_letters(load: Load, tmp_path: Path) -> None:
    data = load(write(tmp_path, asked("green", 1)), choices="options")
    assert data.examples[0].input == "Which colour, 1?\nA) red\nB) green\nC) blue"
    assert "The choices are shown below each input, with letters." in data.notes
    plain = load(write(tmp_path, asked("green", 1)), choices="options", show_choices=False)
    assert plain.examples[0].input == "Which colour, 1?"


def test_choices_that_inputs_list_themselves_are_not_shown_twice(load: Load, tmp_path: Path) -> None:
    row = {"question": "Red: red, green or blue?", "options": OPTIONS, "answer": "red"}
    assert load(write(tmp_path, row), choices="options").examples[0].input == row["question"]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (("blue", "red"), ["blue", "red"]),
        (("B", "c"), ["green", "blue"]),
        (("(A)", "B."), ["red", "green"]),
        ((0, 2), ["red", "blue"]),
        ((1, 3), ["red", "blue"]),
        (("1", "0"), ["green", "red"]),
        ((2.0, 3.0), ["green", "blue"]),
    ],
)
def test_targets_are_understood_over_the_whole_file(
    load: Load, tmp_path: Path, answers: tuple[Any, ...], expected: list[str]
) -> None:
    assert meant(load, tmp_path, *answers) == expected


def test_numbers_that_may_be_counted_from_0_or_1_are_refused_until_it_is_said(
    load: Load, tmp_path: Path
) -> None:
    with pytest.raises(DataError) as caught:
        meant(load, tmp_path, 1, 2)
    assert "first_choice" in caught.value.problems[0]
    assert meant(load, tmp_path, 1, 2, first_choice=0) == ["green", "blue"]
    assert meant(load, tmp_path, 1, 2, first_choice=1) == ["red", "green"]


def test_a_number_of_no_choice_is_named_with_its_line(load: Load, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        meant(load, tmp_path, 0, 7)
    assert caught.value.problems == ("line 2: there is no choice 7",)


def test_choices_that_are_numbers_are_texts_first(load: Load, tmp_path: Path) -> None:
    rows = [
        {"question": f"{n}?", "options": ["2", "1", "0"], "answer": answer} for n, answer in ((1, 1), (2, 0))
    ]
    data = load(write(tmp_path, *rows), choices="options")
    assert [example.targets for example in data.examples] == [("1",), ("0",)]


def test_choices_may_have_labels_or_columns_of_their_own(load: Load, tmp_path: Path) -> None:
    labelled = {"text": OPTIONS, "label": ["1", "2", "3"]}
    data = load(write(tmp_path, asked("3", 1, options=labelled)), choices="options")
    assert data.examples[0].targets == ("blue",)
    by_label = {"x": "red", "y": "green"}
    data = load(write(tmp_path, asked("y", 1, options=by_label)), choices="options")
    assert data.examples[0].targets == ("green",)
    table = tmp_path / "exam.csv"
    table.write_text("question,A,B,C,answer\nWhich?,red,green,,B\nWhat?,red,green,blue,C\n", encoding="utf-8")
    data = load(table, choices=["A", "B", "C"])
    assert [(e.choices, e.targets) for e in data.examples] == [
        (("red", "green"), ("green",)),
        (("red", "green", "blue"), ("blue",)),
    ]
