"""Where the runs of a comparison happen: in this process, or in several on this machine.

What crosses the seam is a :class:`Job`, a plain record that serialises to JSON and back; what comes back
stands in the database that the job names. An engine for clusters would be one more :class:`Executor`: Ray,
for instance, as ``ray.remote(perform)`` over the jobs and ``ray.wait`` in place of ``as_completed``, where
all nodes reach the database.
"""

import asyncio
import contextlib
import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.synchronize import Event
from typing import Protocol

from izcore_compare.curves import score_leaders, unscored_leaders
from izcore.engine.environment import Environment, open_environment
from izcore.engine.plan import PlannedRun
from izcore.engine.runner import continue_run, start_run
from izcore.plugin.errors import BackendError, InterruptedRunError, UsageError, about
from izcore.plugin.interrupts import interruptible, undisguised_interrupts
from izcore.plugin.process_settings import collect_rarely
from izcore.plugin.records import Record
from izcore.registry.discovery import PluginChoice
from izcore.registry.registry import Registry
from izcore.registry.tracing import Tracer
from izcore.storage.records import RunRecord
from izcore.storage.store import Store

THREADS_VARIABLE = "OMP_NUM_THREADS"


class Job(Record):
    """One run of a comparison: all that a process needs to know to begin it, or to go on with it.

    ``curve`` asks for test scores of every instruction that led for a time, too. ``blocked`` names plugins
    that shall not load; ``trace`` shows the calls of their hooks.
    """

    method: str
    planned: PlannedRun
    db: str
    blocked: tuple[str, ...] = ()
    trace: bool = False
    curve: bool = False

    @property
    def name(self) -> str:
        """What people call it."""
        return f"{self.method}, seed {self.planned.config.seed}"

    def record(self, store: Store) -> RunRecord | None:
        """Return the job's run, if it was begun; the same job always finds the same run."""
        return store.find_run(self.planned.config, self.planned.plan)

    def is_done(self, store: Store) -> bool:
        """Whether nothing is left to do."""
        record = self.record(store)
        if record is None or record.status != "done":
            return False
        return not (self.curve and unscored_leaders(store, record))


class Executor(Protocol):
    """Performs jobs."""

    def run(self, jobs: Sequence[Job]) -> Iterator[Job]:
        """Perform the jobs, in any order, and yield each when it is done.

        Raises the first failure, or KeyboardInterrupt; the others are then stopped and their runs kept.
        """
        ...


class InThisProcess:
    """Performs one job after the other, here."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def run(self, jobs: Sequence[Job]) -> Iterator[Job]:
        """Perform the jobs in order."""
        for job in jobs:
            perform(job, self._registry)
            yield job


class Processes:
    """Performs up to ``workers`` jobs at once, each worker a process of its own.

    Workers are started afresh (``spawn``), so no model or connection is shared, and share the machine's
    cores unless ``OMP_NUM_THREADS`` says otherwise. They end with the process that started them.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers

    def run(self, jobs: Sequence[Job]) -> Iterator[Job]:
        """Perform the jobs in the order in which workers are free."""
        context = multiprocessing.get_context("spawn")
        stop = context.Event()
        threads = max(1, (os.cpu_count() or 1) // self._workers)
        others = set(multiprocessing.active_children())
        with ProcessPoolExecutor(
            self._workers, mp_context=context, initializer=_begin_worker, initargs=(stop, threads)
        ) as pool:
            with _children_ignoring_interrupts():
                futures = {pool.submit(_perform_in_worker, job): job for job in jobs}
            try:
                for future in as_completed(futures):
                    future.result()
                    yield futures[future]
            except BaseException as error:
                stop.set()
                for worker in set(multiprocessing.active_children()) - others:
                    if worker.pid is not None:
                        with contextlib.suppress(ProcessLookupError):
                            os.kill(worker.pid, signal.SIGINT)
                pool.shutdown(cancel_futures=True)
                if isinstance(error, BrokenProcessPool):
                    raise BackendError(
                        "A worker process died, perhaps for lack of memory.",
                        hint="Try fewer workers. A script that starts workers needs "
                        'if __name__ == "__main__": around its main part.',
                    ) from None
                raise


def executor_for(workers: int, registry: Registry) -> Executor:
    """Return what performs jobs with so many workers; one worker is this process."""
    if workers < 1:
        raise UsageError(f"{workers} workers: at least one is needed.")
    return InThisProcess(registry) if workers == 1 else Processes(workers)


def perform(job: Job, registry: Registry | None = None) -> None:
    """Begin a job's run or go on with it, to its end; do nothing where it is done."""
    registry = registry or Registry.discover(
        PluginChoice(blocked=job.blocked), tracer=Tracer.on_standard_error() if job.trace else None
    )
    with (
        about(job.name),
        contextlib.redirect_stdout(sys.stderr),
        open_environment(registry, db=job.db) as environment,
    ):
        record = job.record(environment.store) or start_run(environment, job.planned)
        if record.status != "done":
            continue_run(environment, record)
        if job.curve:
            _score_leaders(environment, environment.store.run(record.id))
    # A model's parts point at each other: it leaves the memory only when it is collected, and garbage of so
    # few objects would wait there for the models of many more runs.
    gc.collect()


def _score_leaders(environment: Environment, record: RunRecord) -> None:
    try:
        with undisguised_interrupts():
            asyncio.run(score_leaders(environment, record))
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise InterruptedRunError("Stopped. Answers up to here are kept.") from None


# --- within a worker ---------------------------------------------------------------------------------

_stop: Event | None = None


def _begin_worker(stop: Event, threads: int) -> None:
    global _stop  # noqa: PLW0603 - a worker process has one
    _stop = stop
    os.environ.setdefault(THREADS_VARIABLE, str(threads))
    collect_rarely()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # but for the time of a job
    sys.stdout = sys.stderr
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)  # as kill -9 would; runs survive that


def _perform_in_worker(job: Job) -> None:
    with interruptible():
        if _stop is not None and _stop.is_set():
            raise InterruptedRunError("Stopped.")
        perform(job)


@contextlib.contextmanager
def _children_ignoring_interrupts() -> Iterator[None]:
    """Ctrl-C reaches the whole process group; children that still start inherit that it is ignored."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
