"""Examples that are given in Python are a task like any other."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import TOY

import izcore
from izcore.config.paths import Paths
from izcore.engine.given_examples import task_of

ROWS = [
    {"context": f"P{n} lives in T{n}.", "question": f"Where is P{n}?", "answer": f"T{n}", "n": np.int64(n)}
    for n in range(30)
]
TOYS: dict[str, Any] = dict(zip(("generator", "scorer", "surrogate"), TOY[1::2], strict=True))


def plan(given: object, **settings: Any) -> izcore.PlannedRun:
    return izcore.plan(given, **TOYS, settings=settings)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IZ_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def test_examples_in_python_are_read_like_a_file(data_folder: Path) -> None:
    planned = plan(ROWS)
    assert planned.config.prompt_template.endswith("Context: {context}\nQuestion: {question}\nOutput:")
    assert any(note.startswith("Not used: 'n'.") for note in planned.plan.notes)
    (file,) = (data_folder / "examples").iterdir()
    assert file.stat().st_mode & 0o077 == 0
    assert plan(iter(ROWS)).plan.fingerprint == planned.plan.fingerprint
    assert [file] == list((data_folder / "examples").iterdir())


def test_tables_are_read_like_the_rows_that_they_hold() -> None:
    pandas, pyarrow = pytest.importorskip("pandas"), pytest.importorskip("pyarrow")
    datasets = pytest.importorskip("datasets")
    wanted = plan(ROWS).plan.fingerprint
    rows = [{**row, "n": int(row["n"])} for row in ROWS]
    tables = (pandas.DataFrame(rows), pyarrow.Table.from_pylist(rows), datasets.Dataset.from_list(rows))
    for table in tables:
        assert plan(table).plan.fingerprint == wanted, type(table)


def test_classes_of_a_dataset_are_targets_by_name() -> None:
    datasets = pytest.importorskip("datasets")
    features = datasets.Features(
        {"input": datasets.Value("string"), "target": datasets.ClassLabel(names=["ham", "spam"])}
    )
    rows = {"input": [f"Mail {n}" for n in range(30)], "target": [n % 2 for n in range(30)]}
    dataset = datasets.Dataset.from_dict(rows, features=features)
    planned = plan(dataset)
    assert {example.targets for example in planned.plan.splits.test} == {("ham",), ("spam",)}
    with pytest.raises(izcore.DataError, match=r"DatasetDict of train, where rows belong"):
        plan(datasets.DatasetDict(train=dataset))


def test_a_column_that_is_missing_is_named_with_those_there_are() -> None:
    pandas = pytest.importorskip("pandas")
    with pytest.raises(izcore.UsageError) as missing:
        plan(pandas.DataFrame(ROWS), task={"target": "reply"})
    assert "there is no column 'reply'. Known: answer, context, n, question." in str(missing.value)


def test_columns_of_examples_in_python_can_be_named() -> None:
    planned = plan(ROWS, task={"input": "context", "target": "n"})
    assert all(example.targets[0].isdigit() for example in planned.plan.splits.test)


def test_a_run_on_examples_in_python_can_be_done(tmp_path: Path) -> None:
    small = {"search": {"rounds": 0, "initial": 2}}
    result = izcore.optimize(ROWS, db=tmp_path / "runs.db", **TOYS, settings=small)
    assert result.status == "done"
    assert result.task.startswith("examples-")


def test_paths_and_names_stay_what_they_are(tmp_path: Path) -> None:
    paths = Paths(data=tmp_path, cache=tmp_path)
    assert task_of("demo", paths) == "demo"
    assert task_of(tmp_path / "a.csv", paths) == str(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([], "There is no example"),
        ([("a", "b")], "Example 1 is tuple"),
        (7, "The task is int, where a name, a path or examples belong"),
        ({"input": ["a"]}, "The examples are a dict of input, where rows belong"),
        ([{"input": "a", "target": Decimal(1)}, {"input": "\ud800"}], "Example 2 cannot be written"),
    ],
)
def test_what_is_no_example_is_said(given: object, told: str) -> None:
    with pytest.raises(izcore.DataError, match=told):
        plan(given)
