"""Starts, resumes and finishes runs, and keeps a run's status true however its process stops."""

import asyncio
import contextlib
import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import msgspec

from izcore.config.schema import RunConfig
from izcore.engine.dependencies import changes_between, dependencies_of, refuse, task_dependency
from izcore.engine.environment import Environment
from izcore.engine.event_loop import run_in_event_loop
from izcore.engine.folders import found_from, saying_where_it_began
from izcore.engine.given_functions import check_functions
from izcore.engine.plan import PlannedRun, check_ready, load_task
from izcore.engine.run_search import search_and_conclude
from izcore.engine.splits import fingerprint
from izcore.engine.template import data_as_shown
from izcore.engine.trackers import tracking
from izcore.plugin.errors import (
    BudgetExhaustedError,
    FlatScoresError,
    InterruptedRunError,
    IzError,
    StoreError,
    UsageError,
)
from izcore.plugin.events import RunFinished, RunStopped
from izcore.plugin.interrupts import undisguised_interrupts
from izcore.plugin.results import Change, RunResult, RunStatus
from izcore.registry.redaction import without_keys
from izcore.storage.records import Dependency, Progress, RunRecord
from izcore.storage.store import new_run_id

Announce = Callable[[str], None]
"""Is called with a run's id before any model loads."""


def start_run(environment: Environment, planned: PlannedRun, announce: Announce) -> RunResult:
    """Write a planned run to the database, and search to its end.

    Raises UsageError, and leaves nothing behind, where the run is refused before anything was asked; for
    other errors see :func:`_work_on`.
    """
    check_ready(environment.registry, planned.config, environment.paths)
    store, now = environment.store, environment.clock()
    run_id = new_run_id(planned.plan.task_name, now=now, token=environment.token())
    with store.owning(run_id):
        depends_on = _dependencies(environment, planned.config, planned.plan.fingerprint)
        record = store.create_run(
            run_id,
            planned.config,
            planned.plan,
            created=now,
            dependencies=depends_on,
            folder=str(Path.cwd()),
        )
        announce(run_id)
        try:
            return _work_on(environment, record)
        except StoreError:
            raise
        except UsageError:
            if store.progress(run_id) == Progress(trials=0, calls=0):
                store.discard_run(run_id)
            raise


def resume_run(
    environment: Environment,
    name: str,
    announce: Announce,
    *,
    accept_changes: bool = False,
    stop_when_flat: bool | None = None,
    **limits: float | None,
) -> RunResult:
    """Search from where a run stands to its end, with those of ``limits`` that are not None.

    ``stop_when_flat`` replaces the run's ``search.stop_when_flat``, unless it is None.

    Raises UsageError, and leaves the run as it was, where it cannot go on, also where something changed that
    it depends on, unless with ``accept_changes``; for other errors see :func:`_work_on`.
    """
    store = environment.store
    with store.owning(run_id := store.find_id(name)):
        before = store.run(run_id)
        if before.status == "done":
            raise UsageError(f"Run {run_id} is finished.", hint=f"See it with: iz runs show {run_id}")
        if not before.searches:
            raise UsageError(
                f"Run {run_id} scored instructions; it has no search to go on with.",
                hint="Score them again with the same command: what was answered costs nothing.",
            )
        check_functions(environment.registry, before.config)
        config = found_from(environment.registry, before.config, before.folder)
        with saying_where_it_began(before.folder):
            now, changes = _changes(environment, msgspec.structs.replace(before, config=config))
        if not accept_changes:
            refuse(run_id, changes)
        with store.kept_if_refused(run_id):
            record = store.change_dependencies(before, now, changes)
            record = store.change_stops(record, when_flat=stop_when_flat, **limits)
            announce(run_id)
            config = found_from(environment.registry, record.config, record.folder)
            return _work_on(environment, msgspec.structs.replace(record, config=config))


def _changes(
    environment: Environment, record: RunRecord
) -> tuple[tuple[Dependency, ...], tuple[Change, ...]]:
    """Return what a run depends on now, and in what that is different from before."""
    data = load_task(environment.registry, record.config, environment.paths)
    digest = fingerprint(data_as_shown(data, record.config.prompt_template))
    now = _dependencies(environment, record.config, digest)
    # Runs of older versions say of nothing but their task how it was.
    then = record.dependencies or (task_dependency(record.plan.fingerprint),)
    return now, changes_between(then, now)


def _dependencies(environment: Environment, config: RunConfig, digest: str) -> tuple[Dependency, ...]:
    return dependencies_of(environment.registry, config, environment.paths, digest)


def _work_on(environment: Environment, record: RunRecord) -> RunResult:
    """Search from where a run stands to its end, and write the result.

    Raises InterruptedRunError on Ctrl-C and the failure's own error otherwise; the run is kept in both
    cases and can be continued.
    """
    store, started = environment.store, environment.stopwatch()

    def elapsed() -> float:
        return environment.stopwatch() - started

    with contextlib.ExitStack() as trackers:
        with _stops_recorded(environment, record, elapsed), undisguised_interrupts():
            store.set_status(record.id, "running", seconds=0.0)
            trackers.enter_context(tracking(environment, record))
            result = run_in_event_loop(partial(search_and_conclude, environment, record, elapsed))
            store.finish(record.id, result, seconds=elapsed())
        environment.events.emit(RunFinished(run_id=record.id, result=result))
    return result


@contextlib.contextmanager
def _stops_recorded(
    environment: Environment, record: RunRecord, elapsed: Callable[[], float]
) -> Iterator[None]:
    """Write to the run, and tell observers, why the work in this block stopped, if it did not end."""

    def stopped(status: RunStatus, reason: str) -> None:
        environment.store.set_status(record.id, status, seconds=elapsed())
        environment.events.emit(
            RunStopped(run_id=record.id, status=status, reason=without_keys(reason, os.environ))
        )

    try:
        yield
    except (KeyboardInterrupt, asyncio.CancelledError, InterruptedRunError):
        stopped("interrupted", "Ctrl-C")
        raise InterruptedRunError(
            f"Stopped. Everything up to here is kept in run {record.id}.",
            hint=f"Go on with: iz resume {record.id}",
        ) from None
    except Exception as error:
        reason = error.message if isinstance(error, IzError) else f"{type(error).__name__}: {error}"
        with contextlib.suppress(IzError):  # the error on its way says more than a second one would
            stopped(status_after(error), reason)
        raise


def status_after(error: Exception) -> RunStatus:
    """Return the status of a run that an error ended."""
    if isinstance(error, BudgetExhaustedError):
        return "out_of_budget"
    return "interrupted" if isinstance(error, FlatScoresError) else "failed"
