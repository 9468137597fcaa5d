"""Registers the file formats and the named tasks."""

from collections.abc import Iterable

from izcore.plugin import TaskRegistration, hookimpl
from izcore_tasks.collections.registration import collection_backends
from izcore_tasks.files.registration import file_backends

IZCORE_API = 1


@hookimpl
def izcore_tasks() -> Iterable[TaskRegistration]:
    """Read task files, and offer tasks by name."""
    return [*file_backends(), *collection_backends()]
