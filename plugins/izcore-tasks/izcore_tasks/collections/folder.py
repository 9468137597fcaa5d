"""Finds a published file in a folder of the user's: a checkout, its data folder, or single files."""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from izcore.plugin import DataError
from izcore_tasks.collections.manifest import PublishedFile

_DEEPEST = 8
"""Levels of folders that are looked through; InstructZero's data lie on the sixth of its repository."""


def read_published(folder: Path, file: PublishedFile) -> bytes | None:
    """Return the content of a published file that lies in ``folder``; None if no file has its name.

    Raises DataError where such files have other content: a named task means the same examples everywhere.
    """
    problems: list[tuple[Path, str]] = []
    for place in _find_places(folder, PurePosixPath(file.path)):
        try:
            content = place.read_bytes()
        except OSError as error:
            raise DataError(f"{place} cannot be read: {error.strerror or error}.") from None
        if file.matches(content):
            return content
        problems.append((place, file.explain_mismatch(content)))
    if problems:
        place, mismatch = problems[0]
        raise DataError(
            f"{place} is not the published file: {mismatch}.",
            hint=f"To use it all the same, give its path instead of a name: iz optimize {place}",
        )
    return None


def file_name_in_folder(file: PublishedFile) -> str:
    """Return the shortest path by which a folder may hold the file: ``induce/NAME.json``, ``NAME.json``."""
    path = PurePosixPath(file.path)
    return f"{path.parent.name}.json" if path.name == "task.json" else str(PurePosixPath(*path.parts[-2:]))


def _find_places(folder: Path, path: PurePosixPath) -> Iterator[Path]:
    """Yield the files that may be the one at ``path`` upstream, those nearest to ``folder`` first.

    These are files that share the last two parts of ``path``, anywhere in the folder, since a collection may
    lie deep in the checkout of another; and ``NAME.json`` for ``NAME/task.json``, in the folder itself or in
    one that it holds.
    """
    ending = PurePosixPath(*path.parts[-2:])
    for depth, base in _folders(folder):
        if (base / ending).is_file():
            yield base / ending
        if path.name == "task.json" and depth <= 1 and (base / f"{path.parent.name}.json").is_file():
            yield base / f"{path.parent.name}.json"


def _folders(folder: Path) -> Iterator[tuple[int, Path]]:
    """Yield a folder and those below it with their depth, level by level; hidden ones are left out."""
    try:
        next(folder.iterdir(), None)
    except OSError as error:
        raise DataError(f"{folder} cannot be read: {error.strerror or error}.") from None
    level = [folder]
    for depth in range(_DEEPEST + 1):
        yield from ((depth, base) for base in level)
        level = [Path(base, name) for base in level for name in _folders_in(base)]


def _folders_in(folder: Path) -> list[str]:
    _, names, _ = next(os.walk(folder), ("", [], []))
    return sorted(name for name in names if not name.startswith("."))
