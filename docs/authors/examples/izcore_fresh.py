"""An executor: each job in a process that ends with it, so that nothing is left in memory."""

import multiprocessing
import pkgutil
from collections.abc import Iterator, Sequence
from typing import Annotated

from izcore.plugin import BackendContext, Executor, ExecutorRegistration, Job, Meta, Options, hookimpl

IZCORE_API = 1


class FreshOptions(Options):
    """What a user can set."""

    workers: Annotated[int, Meta(ge=1, description="Jobs at once")] = 1


class FreshProcesses(Executor):
    """Starts a process for each job."""

    def __init__(self, options: FreshOptions, context: BackendContext) -> None:
        self._workers = options.workers

    def run(self, jobs: Sequence[Job]) -> Iterator[Job]:
        """Yield each job when it is done; leaving the block ends the processes, whatever was raised."""
        spawn = multiprocessing.get_context("spawn")
        with spawn.Pool(self._workers, maxtasksperchild=1) as pool:
            yield from pool.imap_unordered(perform, jobs)


def perform(job: Job) -> Job:
    """Call the job's function; an error reaches the caller, because errors of izcore can be pickled."""
    pkgutil.resolve_name(job.function)(job.payload)
    return job


@hookimpl
def izcore_executors() -> list[ExecutorRegistration]:
    """Register the executor."""
    return [
        ExecutorRegistration(
            name="fresh",
            summary="Each job in a process of its own, which ends with it",
            factory="izcore_fresh:FreshProcesses",
            options=FreshOptions,
            argument="workers",
        )
    ]
