"""Columns of images: paths or URLs, which are shown with the input."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import urlsplit

from izcore.plugin import IMAGE_SUFFIXES, DataError, find_image, nearest_names
from izcore_tasks.files.column_names import INPUT_NAMES, TARGET_NAMES, usual
from izcore_tasks.files.draft import Draft
from izcore_tasks.files.values import ValueProblem, describe
from izcore_tasks.options import FileOptions

IMAGE_INPUT = "input"
"""The column of the input where a file has images and targets alone; no row has it."""


def read_images(
    names: Sequence[str], rows: Sequence[tuple[int, Mapping[str, Any]]], options: FileOptions, draft: Draft
) -> list[str]:
    """Keep the images of all rows in the draft, and return the names of the other columns.

    Columns of images are those that the options name, else those in which all that stands are names of image
    files or URLs that end like such. Where that leaves no column for the input, the images are the input.
    """
    named = _listed(options.image)
    unknown = [name for name in named if name not in names]
    for name in unknown:
        draft.file_problem(f"there is no column {name!r}. {nearest_names(name, names)}")
    columns = named or _guess(names, rows, options, draft)
    if unknown or not columns:
        return list(names)
    for place, row in rows:
        try:
            sources = [source for column in columns for source in _sources(row.get(column))]
            draft.images[place] = tuple(find_image(source, draft.folder) for source in sources)
        except (ValueProblem, DataError) as problem:
            draft.problem(place, getattr(problem, "message", str(problem)))
    others = [name for name in names if name not in columns]
    free = [name for name in others if name not in _listed(options.target)]
    if options.input or usual(free, INPUT_NAMES):
        return others
    lone = len(others) == 1 or options.target or usual(others, TARGET_NAMES)
    return [IMAGE_INPUT, *others] if lone else others


def _guess(
    names: Sequence[str], rows: Sequence[tuple[int, Mapping[str, Any]]], options: FileOptions, draft: Draft
) -> list[str]:
    """Return the columns that hold images, by what stands in them; tell of each."""
    if not options.show_images:
        return []
    taken = {*_listed(options.input), *_listed(options.target), *_listed(options.choices)}
    found = []
    for name in names:
        values = [row[name] for _, row in rows if row.get(name)]
        if name in taken or usual([name], TARGET_NAMES) or not values or not all(map(_is_image, values)):
            continue
        if not any(_is_there(value, draft.folder) for value in values):
            draft.notes.append(f"{name!r} names images that are not there, so none are shown.")
            continue
        found.append(name)
        draft.notes.append(f"{name!r} holds images, which are shown; else --set task.show_images=false")
        if _is_image(name):
            draft.file_problem(
                "the first line names an image, not a column; if it is an example: --set task.header=false"
            )
    return found


def _is_image(value: Any) -> bool:
    """Whether a value is a text that ends like the name of an image file, or a list of such texts."""
    if isinstance(value, str):
        text = value.strip()
        path = urlsplit(text).path if text.lower().startswith(("http://", "https://")) else text
        return "\n" not in text and PurePath(path).suffix.lower() in IMAGE_SUFFIXES
    return isinstance(value, list) and bool(value) and all(map(_is_image, value))


def _is_there(value: Any, folder: str) -> bool:
    try:
        find_image(_sources(value)[0], folder)
    except DataError:
        return False
    return True


def _sources(value: Any) -> list[str]:
    """Return the paths and URLs in a cell."""
    sources = value if isinstance(value, list) else [value]
    for source in sources:
        if source is not None and not isinstance(source, str):
            raise ValueProblem(f"the image is {describe(source)}, where a path or URL belongs")
    return [source for source in sources if source and source.strip()]


def _listed(names: str | Iterable[str]) -> tuple[str, ...]:
    return tuple(filter(None, (names,) if isinstance(names, str) else names))
