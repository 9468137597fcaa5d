"""Where jobs happen: in this process, or in several on this machine."""

import contextlib
import multiprocessing
import os
import pkgutil
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.synchronize import Event

from izcore.builtins.options import ProcessesOptions
from izcore.plugin import (
    BackendContext,
    BackendError,
    Executor,
    InterruptedRunError,
    Job,
    Options,
    collect_rarely,
    interruptible,
    on_interrupt,
)

MOST_REQUESTS = 2
"""The first lets workers finish what is paid for, the second does not; a third does not wait for them."""
THREADS_VARIABLE = "OMP_NUM_THREADS"


def perform(job: Job) -> None:
    """Import a job's function and call it with the job's payload."""
    pkgutil.resolve_name(job.function)(job.payload)


class SequentialExecutor(Executor):
    """Performs one job after the other, in this process."""

    def __init__(self, options: Options, context: BackendContext) -> None:
        pass

    def run(self, jobs: Sequence[Job]) -> Iterator[Job]:
        """Perform the jobs in order."""
        for job in jobs:
            perform(job)
            yield job


class ProcessesExecutor(Executor):
    """Performs up to ``workers`` jobs at once, each worker a process of its own.

    Workers are started afresh (``spawn``), so no model or connection is shared, and share the machine's
    cores unless ``OMP_NUM_THREADS`` says otherwise. They end with the process that started them.
    """

    def __init__(self, options: ProcessesOptions, context: BackendContext) -> None:
        self._workers = options.workers

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

            def stop_workers(times: int) -> bool:
                stop.set()
                for worker in set(multiprocessing.active_children()) - others:
                    if worker.pid is not None:
                        with contextlib.suppress(ProcessLookupError):
                            os.kill(worker.pid, signal.SIGINT)
                return times <= MOST_REQUESTS

            try:
                with on_interrupt(stop_workers):
                    try:
                        for future in as_completed(futures):
                            future.result()
                            yield futures[future]
                    except BaseException:
                        # Workers that were asked already must not be asked twice, which would be to insist.
                        if not stop.is_set():
                            stop_workers(1)
                        raise
                    finally:
                        pool.shutdown(cancel_futures=True)
            except BrokenProcessPool:
                raise BackendError(
                    "A worker process died, perhaps for lack of memory.",
                    hint="Try fewer workers. A script that starts workers needs "
                    'if __name__ == "__main__": around its main part.',
                ) from None


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
