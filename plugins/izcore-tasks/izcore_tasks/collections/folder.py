"""Finds a published file in a folder of the user's: a checkout, its data folder, or single files."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from izcore.plugin import DataError
from izcore_tasks.collections.manifest import PublishedFile


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
    """Yield the files that may be the one at ``path`` upstream, in ``folder`` or in a folder of it.

    Looked for are ``path`` and its endings of two parts and more, and ``NAME.json`` for ``NAME/task.json``.
    """
    endings = [PurePosixPath(*path.parts[start:]) for start in range(len(path.parts) - 1)]
    if path.name == "task.json":
        endings.append(PurePosixPath(f"{path.parent.name}.json"))
    try:
        bases = (folder, *sorted(entry for entry in folder.iterdir() if entry.is_dir()))
    except OSError as error:
        raise DataError(f"{folder} cannot be read: {error.strerror or error}.") from None
    return (base / ending for base in bases for ending in endings if (base / ending).is_file())
