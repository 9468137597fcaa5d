"""Published tasks: fetched from their repository at a pinned commit, or taken from a folder."""

import contextlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import msgspec

from izcore.plugin import (
    BackendContext,
    BackendError,
    ConfigError,
    DataError,
    FetchRequest,
    FetchResult,
    LoadRequest,
    Task,
    TaskData,
    make_private_folder,
    nearest_names,
)
from izcore_tasks.collections.download import download
from izcore_tasks.collections.folder import file_name_in_folder, read_published
from izcore_tasks.collections.manifest import Part, PublishedFile, read_manifest
from izcore_tasks.collections.options import PublishedOptions
from izcore_tasks.files.bigbench import parse_bigbench
from izcore_tasks.files.induction import parse_induction

_OPTIONAL: frozenset[Part] = frozenset({"annotations"})
"""Parts that a folder need not hold: without human instructions a task is whole."""


class PublishedTask(Task):
    """A task of one of the collections; its files lie in ``DATA/collections/NAME/PART.json``."""

    def __init__(self, options: PublishedOptions, context: BackendContext) -> None:
        """Raises ConfigError for a name that no collection has."""
        manifest = read_manifest()
        if options.name not in manifest.tasks:
            raise ConfigError(
                f"task.name: no collection has a task {options.name!r}.",
                hint=nearest_names(options.name, manifest.tasks),
            )
        self._name = options.name
        self._base_url = options.base_url.rstrip("/")
        self._entry = manifest.tasks[options.name]
        self._upstream = manifest.upstreams[self._entry.upstream]
        self._data_dir = Path(context.data_dir)

    def load(self, request: LoadRequest) -> TaskData:
        """Read the fetched files; raises DataError if one is missing or not what was published."""
        contents = {part: self._read_fetched(part) for part in self._entry.files}
        whole = contents.get("task")
        if whole is not None:
            data = parse_bigbench(self._name, whole, seed=request.seed)
        else:
            data = parse_induction(
                self._name,
                contents["induce"] or b"",
                contents.get("execute"),
                contents.get("annotations"),
                seed=request.seed,
            )
        return msgspec.structs.replace(data, description=self._describe())

    def fetch(self, request: FetchRequest) -> FetchResult:
        """Put the task's files in place, each whole or not at all; what is there and right stays.

        Raises DataError for a file that differs from what was published or is missing in the folder, and
        BackendError for a download that fails. What arrived before a failure is kept.
        """
        places = {part: self._place(Path(request.data_dir), part) for part in self._entry.files}
        wanted = {
            part: file for part, file in self._entry.files.items() if not _is_fetched(places[part], file)
        }
        if request.from_folder is not None:
            for part, content in self._take(Path(request.from_folder), wanted).items():
                _write_at_once(places[part], content)
        else:
            for part, file in wanted.items():
                _write_at_once(places[part], self._download(file))
        return FetchResult(files=tuple(str(place) for place in places.values() if place.is_file()))

    def _take(self, folder: Path, wanted: Mapping[Part, PublishedFile]) -> dict[Part, bytes]:
        found = {part: read_published(folder, file) for part, file in wanted.items()}
        missing = [
            file_name_in_folder(wanted[part])
            for part, content in found.items()
            if content is None and part not in _OPTIONAL
        ]
        if missing:
            namesake = f"bigbench_{self._name}"
            raise DataError(
                f"{folder} does not hold the task {self._name}: {' and '.join(missing)} not found.",
                hint=f"BIG-bench's own task of that name is called {namesake}."
                if namesake in read_manifest().tasks
                else f"Without --from it is downloaded: iz tasks fetch {self._name}",
            )
        return {part: content for part, content in found.items() if content is not None}

    def _download(self, file: PublishedFile) -> bytes:
        url = "/".join((self._base_url, self._upstream.repository, self._upstream.commit, quote(file.path)))
        try:
            content = download(url, file.size)
        except BackendError as error:
            raise BackendError(
                error.message,
                hint=f"Try again later, or take it from a folder: iz tasks fetch {self._name} --from FOLDER",
            ) from None
        if not file.matches(content):
            raise DataError(
                f"{url} is not the published file: {file.explain_mismatch(content)}.",
                hint="Something between here and there changed it; nothing was kept.",
            )
        return content

    def _read_fetched(self, part: Part) -> bytes | None:
        place = self._place(self._data_dir, part)
        try:
            content = place.read_bytes()
        except FileNotFoundError:
            if part in _OPTIONAL:
                return None
            raise DataError(f"The data of {self._name} is not here yet.", hint=self._fetch_hint()) from None
        except OSError as error:
            raise DataError(f"{place} cannot be read: {error.strerror or error}.") from None
        file = self._entry.files[part]
        if not file.matches(content):
            raise DataError(
                f"{place} is not the published file: {file.explain_mismatch(content)}.",
                hint=self._fetch_hint(),
            )
        return content

    def _fetch_hint(self) -> str:
        return f"Bring it here: iz tasks fetch {self._name}"

    def _place(self, data_dir: Path, part: Part) -> Path:
        return data_dir / "collections" / self._name / f"{part}.json"

    def _describe(self) -> str:
        upstream = self._upstream
        return (
            f"{self._entry.summary}. From {upstream.title}, {upstream.repository} at {upstream.commit[:7]}; "
            f"licence: {upstream.licence}."
        )


def _is_fetched(place: Path, file: PublishedFile) -> bool:
    try:
        return file.matches(place.read_bytes())
    except OSError:
        return False


def _write_at_once(place: Path, content: bytes) -> None:
    """Write so that a crash at any moment leaves the whole file or none."""
    try:
        make_private_folder(place.parent)
        with tempfile.NamedTemporaryFile(dir=place.parent, suffix=".part", delete=False) as draft:
            try:
                draft.write(content)
                draft.flush()
                os.fsync(draft.fileno())
                draft.close()
                Path(draft.name).replace(place)
            except BaseException:
                with contextlib.suppress(OSError):
                    Path(draft.name).unlink()
                raise
    except OSError as error:
        raise DataError(
            f"{place} cannot be written: {error.strerror or error}.",
            hint="IZ_DATA names another folder for data.",
        ) from None
