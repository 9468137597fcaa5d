"""With the library ``datasets`` and folders in the hub's layout; nothing is downloaded."""

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("datasets", reason="the library datasets is not installed")

import datasets

from izcore.plugin import BackendContext, DataError, FetchRequest, LoadRequest
from izcore.testing import Subject, TaskConformance
from izcore_hub.plugin import HubOptions
from izcore_hub.task import HubTask


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    """A data set as it lies on the hub: Parquet files in ``data``, named by split, with class labels."""
    folder = tmp_path / "reviews"
    (folder / "data").mkdir(parents=True)
    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["bad", "good"])}
    )
    for split, count in (("train", 30), ("test", 8)):
        rows = {"text": [f"{split} {i}" for i in range(count)], "label": [i % 2 for i in range(count)]}
        made = datasets.Dataset.from_dict(rows, features=features)
        made.to_parquet(str(folder / "data" / f"{split}-00000-of-00001.parquet"))
    return folder


class TestHub(TaskConformance):
    """What every task promises."""

    @pytest.fixture
    def subject(self, reviews: Path) -> Subject:
        """Say which backend is tested, and with which options."""
        return Subject(plugin="izcore_hub.plugin", name="hub", options={"dataset": str(reviews), "most": 20})

    @pytest.fixture
    def faulty_options(self, tmp_path: Path) -> list[dict[str, str]]:
        """Options with which loading has to explain what is wrong."""
        return [{"dataset": str(tmp_path / "nothing")}, {"input": "txet"}, {"config": "no_such_config"}]


def task(tmp_path: Path, **options: Any) -> HubTask:
    """Build the task as the core does."""
    context = BackendContext(seed=0, cache_dir=str(tmp_path / "cache"), data_dir=str(tmp_path / "data"))
    return HubTask(HubOptions(**options), context)


def test_labels_are_names_and_the_test_split_stays_apart(reviews: Path, tmp_path: Path) -> None:
    """Class labels become words, and rows of the test split never feed the search."""
    data = task(tmp_path, dataset=str(reviews), most=20).load(LoadRequest(seed=3))
    assert {example.targets for example in data.examples} == {("bad",), ("good",)}
    assert all(example.input.startswith("train") for example in data.examples)
    assert len(data.test_examples) == 8
    assert data.notes == ("train: 20 of 30 rows", "test: 8 of 8 rows")


def test_a_column_of_lists_gives_several_targets(tmp_path: Path) -> None:
    """Each entry of a list is an acceptable target."""
    folder = tmp_path / "answers"
    folder.mkdir()
    line = json.dumps({"question": "Who?", "answers": ["she", "her"]})
    (folder / "train.jsonl").write_text(f"{line}\n", encoding="utf-8")
    (only,) = (
        task(tmp_path, dataset=str(folder), input="question", output="answers").load(LoadRequest()).examples
    )
    assert only.targets == ("she", "her")


def test_what_is_fetched_is_named(reviews: Path, tmp_path: Path) -> None:
    """The files that ``iz tasks fetch`` reports are there."""
    fetched = task(tmp_path, dataset=str(reviews)).fetch(FetchRequest(data_dir=str(tmp_path))).files
    assert fetched
    assert all(Path(file).exists() for file in fetched)


def test_a_wrong_column_offers_those_that_are_near(reviews: Path, tmp_path: Path) -> None:
    """A misspelt column gets the right one as a hint."""
    with pytest.raises(DataError) as caught:
        task(tmp_path, dataset=str(reviews), input="txet").load(LoadRequest())
    assert "text" in caught.value.hint
