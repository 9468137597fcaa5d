"""Published tasks taken from a folder, in the layouts that people have."""

import json
import shutil
from pathlib import Path

import pytest

from izcore.plugin import BackendContext, ConfigError, DataError, FetchRequest, LoadRequest, TaskData
from izcore_tasks.collections.manifest import read_manifest
from izcore_tasks.collections.options import PublishedOptions
from izcore_tasks.collections.published import PublishedTask

INDUCTION = sorted(
    name for name, task in read_manifest().tasks.items() if task.upstream == "instruction-induction"
)
BIGBENCH = ["implicatures", "ruin_names", "bigbench_word_sorting"]


def published(name: str, data_dir: Path) -> PublishedTask:
    context = BackendContext(seed=0, cache_dir="", data_dir=str(data_dir))
    return PublishedTask(PublishedOptions(name=name), context)


def take(name: str, folder: Path, data_dir: Path) -> TaskData:
    task = published(name, data_dir)
    task.fetch(FetchRequest(data_dir=str(data_dir), from_folder=str(folder)))
    return task.load(LoadRequest(seed=0))


@pytest.mark.parametrize("name", INDUCTION)
def test_every_induction_task_in_the_folder_loads_by_name(
    name: str, shared_data: Path, tmp_path: Path
) -> None:
    folder = shared_data / "instruction_induction"
    if not (folder / "induce" / f"{name}.json").is_file():
        with pytest.raises(DataError, match=rf"induce/{name}\.json and execute/{name}\.json"):
            take(name, folder, tmp_path)
        return
    data = take(name, folder, tmp_path)
    assert data.name == name
    assert data.examples
    assert data.test_examples
    assert data.human_instructions
    assert "orhonovich/instruction-induction at f7304ae" in data.description


@pytest.mark.parametrize(
    ("name", "metric"),
    [
        ("antonyms", "exact_match:paper"),
        ("common_concept", "f1:paper"),
        ("informal_to_formal", "f1:paper"),
        ("orthography_starts_with", "exact_set:paper"),
        ("synonyms", "contains:paper"),
    ],
)
def test_the_metric_is_the_published_one(name: str, metric: str, shared_data: Path, tmp_path: Path) -> None:
    assert take(name, shared_data, tmp_path).metric == metric


@pytest.mark.parametrize("name", BIGBENCH)
def test_bigbench_tasks_in_the_folder_load_by_name(name: str, shared_data: Path, tmp_path: Path) -> None:
    data = take(name, shared_data, tmp_path)
    assert data.name == name
    assert len(data.examples) > 300
    assert data.test_examples == ()


@pytest.mark.parametrize(
    ("name", "kept", "upstream"),
    [
        ("sentiment", "instruction_induction", "code/experiments/data/instruction_induction/raw"),
        ("implicatures", "bigbench/implicatures.json", "data/bigbench-ii/implicatures/task.json"),
    ],
)
@pytest.mark.parametrize("above", ["", "src/others/"])
def test_tasks_are_found_in_a_whole_checkout(
    name: str, kept: str, upstream: str, above: str, shared_data: Path, tmp_path: Path
) -> None:
    place = tmp_path / "checkout" / f"{above}{upstream}"
    place.parent.mkdir(parents=True)
    (shutil.copytree if (shared_data / kept).is_dir() else shutil.copy)(shared_data / kept, place)
    git = tmp_path / "checkout" / ".git" / "induce"
    git.mkdir(parents=True)
    (git / "sentiment.json").write_text("{}", encoding="utf-8")
    assert take(name, tmp_path / "checkout", tmp_path / "data").examples


def test_a_checkout_without_the_task_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "checkout" / "src" / "induce").mkdir(parents=True)
    with pytest.raises(DataError, match=r"induce/sentiment\.json and execute/sentiment\.json not found"):
        take("sentiment", tmp_path / "checkout", tmp_path / "data")


def test_the_papers_word_sorting_is_not_taken_from_bigbench(shared_data: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="word_sorting") as caught:
        take("word_sorting", shared_data, tmp_path)
    assert "bigbench_word_sorting" in caught.value.hint


@pytest.mark.parametrize(
    "layout",
    [
        "{part}/{file}",
        "raw/{part}/{file}",
        "data/raw/{part}/{file}",
        "instruction_induction/{part}/{file}",
        "my_checkout/data/raw/{part}/{file}",
    ],
)
def test_the_usual_layouts_are_found(layout: str, shared_data: Path, tmp_path: Path) -> None:
    for part in ("induce", "execute"):
        place = tmp_path / "mine" / layout.format(part=part, file="sum.json")
        place.parent.mkdir(parents=True)
        shutil.copyfile(shared_data / "instruction_induction" / part / "sum.json", place)
    data = take("sum", tmp_path / "mine", tmp_path / "data")
    assert (len(data.examples), len(data.test_examples)) == (4950, 100)
    assert data.human_instructions == ()


@pytest.mark.parametrize(
    "layout", ["ruin_names.json", "ruin_names/task.json", "bigbench-ii/ruin_names/task.json"]
)
def test_the_usual_layouts_of_bigbench_are_found(layout: str, shared_data: Path, tmp_path: Path) -> None:
    place = tmp_path / "mine" / layout
    place.parent.mkdir(parents=True)
    shutil.copyfile(shared_data / "bigbench" / "ruin_names.json", place)
    assert take("ruin_names", tmp_path / "mine", tmp_path / "data").metric == "choice"


def test_a_file_with_the_same_content_in_another_form_is_taken(shared_data: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    shutil.copytree(shared_data / "instruction_induction", mine, copy_function=shutil.copyfile)
    plain = take("rhymes", shared_data, tmp_path / "plain")
    induce = mine / "induce" / "rhymes.json"
    induce.chmod(0o644)
    induce.write_bytes(induce.read_bytes().replace(b"\n", b"\r\n"))
    execute = mine / "execute" / "rhymes.json"
    execute.chmod(0o644)
    execute.write_text(json.dumps(json.loads(execute.read_text()), indent=3))
    assert take("rhymes", mine, tmp_path / "other") == plain


def test_a_file_with_other_content_is_refused_and_its_path_offered(shared_data: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine" / "induce" / "sum.json"
    mine.parent.mkdir(parents=True)
    mine.write_text('{"examples": {"1": {"input": "1 1", "output": "3"}}}')
    with pytest.raises(DataError, match=r"(?s)sum\.json is not the published file.*expected.*got") as caught:
        take("sum", tmp_path / "mine", tmp_path / "data")
    assert f"iz optimize {mine}" in caught.value.hint
    assert not (tmp_path / "data").exists()


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nowhere"):
        take("sum", tmp_path / "nowhere", tmp_path / "data")


def test_without_its_data_a_task_says_how_to_fetch_it(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="negation is not here yet") as caught:
        published("negation", tmp_path).load(LoadRequest())
    assert "iz tasks fetch negation" in caught.value.hint


def test_a_file_that_changed_after_it_was_fetched_is_refused(shared_data: Path, tmp_path: Path) -> None:
    take("sum", shared_data, tmp_path)
    stored = tmp_path / "collections" / "sum" / "execute.json"
    stored.write_text(stored.read_text().replace('"output": "', '"output": "1', 1))
    with pytest.raises(DataError, match=r"execute\.json is not the published file") as caught:
        published("sum", tmp_path).load(LoadRequest())
    assert "iz tasks fetch sum" in caught.value.hint
    take("sum", shared_data, tmp_path)


def test_the_seed_decides_only_what_upstream_leaves_open(shared_data: Path, tmp_path: Path) -> None:
    task = published("cause_and_effect", tmp_path)
    task.fetch(FetchRequest(data_dir=str(tmp_path), from_folder=str(shared_data)))
    first, again, other = (task.load(LoadRequest(seed=seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert [e.targets for e in first.examples] == [e.targets for e in other.examples]


def test_an_unknown_name_offers_near_ones(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="antonym") as caught:
        published("antonym", tmp_path)
    assert "antonyms" in caught.value.hint
