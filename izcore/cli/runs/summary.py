"""What a list of runs says of each: as JSON, and as the cells of a table."""

import time
from typing import Any

from izcore.storage.records import DamagedRun, RunSummary

HEADINGS = ("run", "started", "status", "trials", "test", "scorer", "surrogate")


def summary(run: RunSummary | DamagedRun) -> dict[str, Any]:
    """Return what JSON says of a run first."""
    if isinstance(run, DamagedRun):
        known = {"run_id": run.id, "created": run.created, "task": run.task, "status": run.status}
        return {**known, "damage": run.reason}
    return {
        "run_id": run.id,
        "created": run.created,
        "task": run.task,
        "status": run.status,
        "trials": run.trials,
        "seconds": run.seconds,
        "config": run.config,
        "generator_state": run.generator_state,
        "result": run.result,
    }


def cells(run: RunSummary | DamagedRun) -> tuple[str, ...]:
    """Return what stands below each of :data:`HEADINGS`."""
    started = time.strftime("%Y-%m-%d %H:%M", time.localtime(run.created)) if run.created else "-"
    if isinstance(run, DamagedRun):
        return (run.id, started, run.status, *["-"] * 4)
    best = run.result.best if run.result else None
    test = f"{best.test.score:.2f}" if best and best.test else "-"
    chosen = run.config
    searched = (str(run.trials), test, chosen.scorer.name, chosen.surrogate.name)
    return (run.id, started, run.status, *(searched if run.searches else ("-", *searched[1:3], "-")))
