"""Loading a path as a user's run would: format by suffix, options validated, factory imported."""

from collections.abc import Callable
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import pytest

from izcore.plugin import BackendContext, LoadRequest, TaskData
from izcore.plugin.options import convert_options
from izcore_tasks.files.registration import file_backends

Load = Callable[..., TaskData]


@pytest.fixture(scope="session")
def load() -> Load:
    """Load the task at a path, with options and a seed."""

    def load_path(path: Path, *, seed: int = 0, **options: Any) -> TaskData:
        suffix = "/" if path.is_dir() else path.suffix
        backend = next(each for each in file_backends() if suffix in each.paths)
        chosen = convert_options(backend.options, {"path": str(path), **options}, where="task")
        task = resolve_name(backend.factory)(chosen, BackendContext(seed=seed, cache_dir="", data_dir=""))
        data: TaskData = task.load(LoadRequest(seed=seed))
        return data

    return load_path


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real task data beside the repository."""
    folder = Path(__file__).resolve().parents[3].parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no real task data at {folder}")
    return folder
