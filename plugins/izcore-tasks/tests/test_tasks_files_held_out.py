"""Files of their own for the splits: beside the training file, or named by options."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from izcore.plugin import DataError, Example, TaskData

Load = Callable[..., TaskData]


def table(path: Path, words: str) -> Path:
    path.write_text("word,answer\n" + "".join(f"{word},{word.upper()}\n" for word in words))
    return path


def lines(path: Path, words: str) -> Path:
    path.write_text("".join(json.dumps({"word": w, "answer": w.upper()}) + "\n" for w in words))
    return path


def inputs(examples: Iterable[Example]) -> str:
    return "".join(example.input for example in examples)


@pytest.mark.parametrize("name", ["validation.csv", "valid.jsonl", "val.csv", "dev.jsonl"])
def test_a_validation_file_beside_train_and_test_is_used(load: Load, tmp_path: Path, name: str) -> None:
    table(tmp_path / "train.csv", "abcdefg")
    lines(tmp_path / "test.jsonl", "gh")
    (table if name.endswith("csv") else lines)(tmp_path / name, "fghi")
    data = load(tmp_path, input="word")
    assert inputs(data.test_examples) == "gh"
    assert inputs(data.validation_examples) == "fi"
    assert inputs(data.examples) == "abcde"
    assert (
        f"Examples are read from train.csv, validation examples from {name}, test examples from test.jsonl."
        in data.notes
    )
    assert "2 validation examples kept for the test only, as the input is there too." in data.notes
    assert "1 example kept for the validation only, as the input is there too." in data.notes


def test_a_validation_file_needs_no_test_file(load: Load, tmp_path: Path) -> None:
    table(tmp_path / "train.csv", "abc")
    table(tmp_path / "validation.csv", "de")
    data = load(tmp_path)
    assert (inputs(data.validation_examples), data.test_examples) == ("de", ())


@pytest.mark.parametrize("name", ["all.csv", "all.jsonl", "all.json", "all.csv.gz", "all.parquet"])
def test_options_name_the_files_of_the_splits_in_any_format(load: Load, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    rows = [{"word": word, "answer": word.upper()} for word in "abcdef"]
    if name.endswith(".parquet"):
        pyarrow = pytest.importorskip("pyarrow")
        pytest.importorskip("pyarrow.parquet").write_table(pyarrow.Table.from_pylist(rows), path)
    elif name.endswith(".gz"):
        import gzip

        path.write_bytes(gzip.compress(table(tmp_path / "plain.csv", "abcdef").read_bytes()))
    elif name.endswith(".json"):
        path.write_text(json.dumps(rows))
    else:
        (table if name.endswith(".csv") else lines)(path, "abcdef")
    test = table(tmp_path / "held_out.csv", "ef")
    validation = lines(tmp_path / "tuning.jsonl", "cd")
    data = load(path, input="word", test_path=str(test), validation_path=str(validation))
    assert inputs(data.examples) == "ab"
    assert inputs(data.validation_examples) == "cd"
    assert inputs(data.test_examples) == "ef"
    assert f"Test examples are read from {test}." in data.notes
    assert f"Validation examples are read from {validation}." in data.notes


def test_a_named_file_comes_before_the_one_beside(load: Load, tmp_path: Path) -> None:
    table(tmp_path / "train.csv", "ab")
    table(tmp_path / "test.csv", "cd")
    data = load(tmp_path, test_path=str(table(tmp_path / "later.csv", "xy")))
    assert inputs(data.test_examples) == "xy"
    assert not any("test.csv" in note for note in data.notes)


def test_faults_in_any_of_the_files_are_listed_with_its_name(load: Load, tmp_path: Path) -> None:
    train, test = table(tmp_path / "all.csv", "abc"), tmp_path / "test.csv"
    test.write_text("word,answer\nd,\n")
    with pytest.raises(DataError) as caught:
        load(train, test_path=str(test))
    assert caught.value.problems == (f"{test}, line 2: no target",)
    with pytest.raises(DataError, match="There is no file"):
        load(train, validation_path=str(tmp_path / "missing.csv"))
    with pytest.raises(DataError, match="does not say how it is written"):
        load(train, validation_path=str(table(tmp_path / "rows.txt", "d")))
    with pytest.raises(DataError, match="is a test or validation example too"):
        load(
            train,
            test_path=str(table(tmp_path / "a.csv", "ab")),
            validation_path=str(table(tmp_path / "b.csv", "bc")),
        )
