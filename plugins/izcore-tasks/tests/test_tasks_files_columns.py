"""Files whose input is in several columns: which they are, and what a prompt template can name."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from izcore.plugin import Example, TaskData

Load = Callable[..., TaskData]


def rows_in(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    """Write rows to a JSON-lines file, in which cells may be anything."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def loaded(load: Load, folder: Path, *rows: dict[str, Any], **options: Any) -> TaskData:
    return load(rows_in(folder / "task.jsonl", rows), **options)


@pytest.mark.parametrize(
    ("row", "inputs"),
    [
        ({"id": 1, "title": "t", "context": "c", "question": "q", "answers": "a"}, ("Context", "Question")),
        ({"question": "q", "passage": "p", "answer": True}, ("Passage", "Question")),
        ({"premise": "p", "hypothesis": "h", "label": 0}, ("Premise", "Hypothesis")),
        ({"sentence1": "s", "sentence2": "t", "label": "x", "idx": 3}, ("Sentence1", "Sentence2")),
        ({"Question_A": "s", "Question_B": "t", "is_duplicate": 1}, ("Question A", "Question B")),
        ({"instruction": "i", "context": "c", "response": "r", "category": "k"}, ("Context", "Request")),
        ({"instruction": "i", "input": "n", "output": "o", "text": "all"}, ("Request", "Input")),
        ({"claim": "c", "evidence": "e", "label": "l"}, ("Evidence", "Claim")),
        ({"label": 2, "title": "t", "description": "d"}, ("Title", "Description")),
        ({"subject": "s", "body": "b", "class": "c"}, ("Subject", "Body")),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_columns_that_make_the_input_together_are_guessed(
    load: Load, tmp_path: Path, row: dict[str, Any], inputs: tuple[str, ...]
) -> None:
    data = loaded(load, tmp_path, row)
    lines = data.prompt_template.splitlines()
    assert lines[:2] == ["Instruction: {instruction}", ""]
    assert tuple(line.split(":")[0] for line in lines[2:-1]) == inputs
    assert lines[-1] == "Output:"
    names = [line.partition("{")[2].removesuffix("}") for line in lines[2:-1]]
    assert all(name == "input" or data.examples[0].fields[name] for name in names)
    assert " and " in data.notes[0]


@pytest.mark.parametrize(
    "row",
    [
        {"title": "t", "text": "x"},
        {"question": "q", "answer": "a", "id": 1},
        {"text": "x", "label": "l", "source": "s"},
        {"a": "1", "b": "2"},
    ],
)
def test_one_column_stays_one_input(load: Load, tmp_path: Path, row: dict[str, Any]) -> None:
    assert loaded(load, tmp_path, row).prompt_template == ""


def test_columns_that_make_the_input_together_can_be_named(load: Load, tmp_path: Path) -> None:
    row = {"ort": "Rom", "land": "Italien", "jahr": 1960, "wert": "x"}
    data = loaded(load, tmp_path, row, input=["land", "ort"], target="wert")
    assert data.prompt_template == "Instruction: {instruction}\n\nLand: {land}\nOrt: {ort}\nOutput:"
    fields = {"ort": "Rom", "land": "Italien", "jahr": "1960"}
    assert data.examples == (Example(input="Rom", targets=("x",), fields=fields),)


def test_a_column_that_may_belong_to_the_input_is_told_with_the_option(load: Load, tmp_path: Path) -> None:
    row = {"problem": "2+2", "comment": "easy", "answer": "4"}
    guess, told = loaded(load, tmp_path, row).notes
    assert "input is 'problem'" in guess
    assert told == """Perhaps 'comment' should be input too: --set 'task.input=["comment", "problem"]'"""
    assert len(loaded(load, tmp_path, row, input=["comment", "problem"], target="answer").notes) == 0


def test_a_part_of_the_input_may_be_blank_but_not_all_of_it(load: Load, tmp_path: Path) -> None:
    rows = [{"instruction": f"Say {n}.", "input": "", "output": "ok"} for n in range(3)]
    assert [e.fields["request"] for e in loaded(load, tmp_path, *rows).examples] == [
        "Say 0.",
        "Say 1.",
        "Say 2.",
    ]
    with pytest.raises(Exception, match="1 problem") as caught:
        loaded(load, tmp_path, *rows, {"instruction": " ", "input": "", "output": "ok"})
    assert caught.value.problems == ("line 4: no input",)  # type: ignore[attr-defined]


def test_rows_differ_where_any_column_does(load: Load, tmp_path: Path) -> None:
    rows = [{"premise": p, "hypothesis": "It is wet.", "label": "yes"} for p in ("It rains.", "It snows.")]
    assert len(loaded(load, tmp_path, *rows, *rows).examples) == 2


def test_cells_of_any_kind_become_texts(load: Load, tmp_path: Path) -> None:
    row = {
        "input": "i",
        "target": "t",
        "n": 1.5,
        "yes": True,
        "none": None,
        "list": ["ä", 1],
        "in": {"a": "b"},
    }
    fields = loaded(load, tmp_path, row).examples[0].fields
    assert fields == {"n": "1.5", "yes": "true", "none": "", "list": '["ä", 1]', "in.a": "b"}


def test_targets_are_no_fields(load: Load, tmp_path: Path) -> None:
    row = {
        "context": "Ada is in Bonn.",
        "question": "Where?",
        "answers": {"text": ["Bonn", "in Bonn"], "at": [10]},
    }
    example = loaded(load, tmp_path, row).examples[0]
    assert example.targets == ("Bonn", "in Bonn")
    assert set(example.fields) == {"context", "question"}


def test_passages_with_their_questions_are_read(load: Load, tmp_path: Path) -> None:
    questions = [
        {"id": "1", "question": "Where?", "answers": [{"text": "Bonn", "answer_start": 10}]},
        {"id": "2", "question": "Who?", "answers": [{"text": "Ada", "answer_start": 0}]},
    ]
    article = {"title": "Ada", "paragraphs": [{"context": "Ada is in Bonn.", "qas": questions}]}
    (tmp_path / "squad.json").write_text(json.dumps({"version": "2.0", "data": [article]}))
    data = load(tmp_path / "squad.json")
    assert [(e.fields["context"], e.input, e.targets) for e in data.examples] == [
        ("Ada is in Bonn.", "Where?", ("Bonn",)),
        ("Ada is in Bonn.", "Who?", ("Ada",)),
    ]
    assert data.prompt_template.endswith("Context: {context}\nQuestion: {question}\nOutput:")


def test_bigbench_examples_have_fields_too(load: Load, tmp_path: Path) -> None:
    document = {"examples": [{"input": "2+2", "target": "4", "level": "easy", "instruction": "Add."}]}
    (tmp_path / "task.json").write_text(json.dumps(document))
    example = load(tmp_path / "task.json").examples[0]
    assert example.fields == {"level": "easy", "request": "Add."}


@pytest.mark.parametrize(
    "row",
    [
        {"question": "2+2?", "A": "3", "B": "4", "C": "5", "D": "6", "answer": "B"},
        {"question": "2+2?", "choices": ["3", "4", "5", "6"], "answer": "4"},
        {"question": "2+2?", "opa": "3", "opb": "4", "opc": "5", "opd": "6", "cop": "4"},
        {"question": "2+2?", "choices": {"text": ["3", "4"], "label": ["A", "B"]}, "answerKey": "B"},
        {"ctx": "2+2 is", "endings": ["3", "4"], "label": "4"},
    ],
)
def test_choices_are_guessed_where_targets_mean_them(load: Load, tmp_path: Path, row: dict[str, Any]) -> None:
    data = loaded(load, tmp_path, row)
    assert data.metric == "choice"
    assert data.examples[0].targets == ("4",)
    assert "B) 4" in data.examples[0].input
    assert not {"A", "choices", "opa", "endings"} & set(data.examples[0].fields)


def test_columns_that_only_look_like_choices_are_fields(load: Load, tmp_path: Path) -> None:
    data = loaded(load, tmp_path, {"question": "2+2?", "A": "x", "B": "y", "answer": "four"})
    assert (data.metric, data.examples[0].choices) == ("exact_match", ())
    assert data.examples[0].fields == {"question": "2+2?", "A": "x", "B": "y"}
