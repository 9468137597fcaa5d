"""Paths: which task is meant, and that train and test never overlap."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from izcore.plugin import DataError, TaskData

Load = Callable[..., TaskData]


def induction_file(path: Path, *inputs: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    examples = {str(key): {"input": text, "output": text.upper()} for key, text in enumerate(inputs, 1)}
    path.write_text(json.dumps({"examples": examples}))


def bigbench_file(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"name": "other", "examples": [{"input": "a", "target": "b"}]}))


@pytest.mark.parametrize("base", ["", "raw"])
def test_an_induction_folder_asks_which_task(load: Load, tmp_path: Path, base: str) -> None:
    data_folder = tmp_path / base
    for name in ("sum", "diff"):
        induction_file(data_folder / "induce" / f"{name}.json", "a", "b", "c")
        induction_file(data_folder / "execute" / f"{name}.json", "c", "d")
    data = load(tmp_path, task="diff")
    assert data.name == "diff"
    assert [example.input for example in data.examples] == ["a", "b"]
    assert [example.input for example in data.test_examples] == ["c", "d"]
    assert load(data_folder / "induce", task="diff") == data
    with pytest.raises(DataError, match=r"holds 2 tasks: diff, sum\.\nChoose one: --set task\.task=NAME"):
        load(tmp_path)
    with pytest.raises(DataError, match=r"no task named 'dif'\.\nDid you mean diff\?"):
        load(tmp_path, task="dif")


def test_a_bigbench_folder_is_named_after_itself(load: Load, tmp_path: Path) -> None:
    bigbench_file(tmp_path / "snarks" / "task.json")
    assert load(tmp_path / "snarks").name == "snarks"
    assert load(tmp_path).name == "snarks"
    bigbench_file(tmp_path / "tense" / "task.json")
    assert load(tmp_path, task="tense").name == "tense"


def test_train_and_test_files_of_any_format(load: Load, tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("text,label\na,1\nb,2\nb,3\n")
    data = load(tmp_path)
    assert (data.name, len(data.examples), data.test_examples) == (tmp_path.name, 2, ())
    (tmp_path / "test.jsonl").write_text('{"input": "b", "output": "2"}\n{"input": "c", "output": "3"}\n')
    data = load(tmp_path)
    assert [example.input for example in data.examples] == ["a"]
    assert [example.input for example in data.test_examples] == ["b", "c"]
    assert "1 example kept for the test only, as the input is there too." in data.notes
    (tmp_path / "test.jsonl").write_text('{"input": "b"}\n')
    (tmp_path / "train.csv").write_text("text,label\na,\n")
    with pytest.raises(DataError) as caught:
        load(tmp_path, target="label", input="text")
    assert caught.value.problems == (
        f"{tmp_path / 'train.csv'}, line 2: no target",
        f"{tmp_path / 'test.jsonl'}, there is no column 'text'. Known: input.",
        f"{tmp_path / 'test.jsonl'}, there is no column 'label'. Known: input.",
    )


def test_a_folder_of_single_files(load: Load, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a task")
    with pytest.raises(DataError, match="holds no task that is understood"):
        load(tmp_path)
    (tmp_path / "reviews.tsv").write_text("text\tlabel\na\t1\n")
    assert load(tmp_path).name == "reviews"
    bigbench_file(tmp_path / "count.json")
    (tmp_path / "evals.jsonl").write_text('{"input": "a", "ideal": "b"}\n')
    assert load(tmp_path, task="count").examples[0].targets == ("b",)
    assert load(tmp_path, task="evals").examples[0].targets == ("b",)
    with pytest.raises(DataError, match="holds 3 tasks: count, evals, reviews"):
        load(tmp_path)


def test_real_folders(load: Load, shared_data: Path) -> None:
    assert load(shared_data / "bigbench", task="implicatures").name == "implicatures"
    with pytest.raises(DataError, match="holds 20 tasks: active_to_passive, antonyms"):
        load(shared_data / "instruction_induction")
