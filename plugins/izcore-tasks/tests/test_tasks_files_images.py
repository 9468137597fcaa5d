"""Columns of images: found by their endings or by name, shown with the input, faults told by line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import PNG

from izcore.plugin import DataError, TaskData

Load = Callable[..., TaskData]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pictures").mkdir()
    for number, name in enumerate(("a.png", "b.JPG", "c.webp")):
        (tmp_path / "pictures" / name).write_bytes(PNG + bytes([number]))
    return tmp_path


def write(folder: Path, text: str, name: str = "t.csv") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def shown(data: TaskData) -> list[tuple[str, list[str], str]]:
    """Each example's input, its images by their names, and its target."""
    return [
        (each.input, [image.source.rpartition("/")[2] for image in each.images], each.targets[0])
        for each in data.examples
    ]


def test_a_column_of_paths_is_shown_with_the_input(load: Load, folder: Path) -> None:
    path = write(folder, "photo,question,answer\npictures/a.png,Which?,red\npictures/b.JPG,Where?,here\n")
    data = load(path)
    assert shown(data) == [("Which?", ["a.png"], "red"), ("Where?", ["b.JPG"], "here")]
    assert any("'photo' holds images" in note for note in data.notes)
    assert not any("Not used" in note for note in data.notes)
    without = load(path, show_images=False)
    assert [example.images for example in without.examples] == [(), ()]


@pytest.mark.parametrize("header", ["image,label", "label,file_name", "file_name,what"])
def test_images_and_targets_alone_make_a_task(load: Load, folder: Path, header: str) -> None:
    first = ["pictures/a.png,red", "pictures/c.webp,blue"]
    if header.startswith("label"):
        first = [",".join(reversed(row.split(","))) for row in first]
    data = load(write(folder, "\n".join([header, *first])))
    assert shown(data) == [("(image)", ["a.png"], "red"), ("(image)", ["c.webp"], "blue")]


def test_urls_are_images_where_they_end_so_or_are_named(load: Load, folder: Path) -> None:
    rows = [
        {"q": "Which?", "a": "red", "p": ["https://example.org/a.png?w=2", "pictures/a.png"]},
        {"q": "Which?", "a": "blue", "p": ["https://example.org/b.gif"]},
    ]
    data = load(write(folder, json.dumps(rows), "t.json"))
    assert shown(data) == [("Which?", ["a.png?w=2", "a.png"], "red"), ("Which?", ["b.gif"], "blue")]
    linked = write(folder, "q,link,a\nOne?,https://example.org/1,x\nTwo?,https://example.org/2,y\n")
    assert load(linked, input="q", target="a").examples[0].images == ()
    assert shown(load(linked, input="q", target="a", image="link"))[0] == ("One?", ["1"], "x")


def test_examples_with_other_images_are_other_examples(load: Load, folder: Path) -> None:
    (folder / "pictures" / "again.png").write_bytes((folder / "pictures" / "a.png").read_bytes())
    rows = "image,label\npictures/a.png,red\npictures/c.webp,blue\npictures/again.png,red\n"
    assert [target for _, _, target in shown(load(write(folder, rows)))] == ["red", "blue"]


def test_every_image_that_cannot_be_shown_is_told_by_its_line(load: Load, folder: Path) -> None:
    (folder / "pictures" / "empty.png").touch()
    rows = "image,label\npictures/a.png,red\npictures/no.png,red\npictures/empty.png,red\n"
    with pytest.raises(DataError) as caught:
        load(write(folder, rows))
    assert caught.value.problems == (
        "line 3: the image pictures/no.png is missing",
        "line 4: the image pictures/empty.png is empty",
    )


def test_names_of_files_that_are_nowhere_are_no_images(load: Load, folder: Path) -> None:
    path = write(folder, "file,text,label\nx.png,one,a\ny.png,two,b\n")
    data = load(path)
    assert shown(data)[0] == ("one", [], "a")
    assert any("'file' names images that are not there" in note for note in data.notes)
    with pytest.raises(DataError, match="2 problems"):
        load(path, image="file")


@pytest.mark.parametrize(
    ("rows", "options", "words"),
    [
        ("pictures/a.png,red\npictures/b.JPG,blue\n", {}, "the first line names an image"),
        ("image,label\npictures/a.png,red\n", {"image": "picture"}, "no column 'picture'"),
    ],
)
def test_faults_of_the_whole_file(
    load: Load, folder: Path, rows: str, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(DataError) as caught:
        load(write(folder, rows), **options)
    assert any(words in problem for problem in caught.value.problems)


def test_without_a_header_columns_of_images_are_found_too(load: Load, folder: Path) -> None:
    data = load(write(folder, "pictures/a.png,red\npictures/b.JPG,blue\n"), header=False)
    assert shown(data) == [("(image)", ["a.png"], "red"), ("(image)", ["b.JPG"], "blue")]
