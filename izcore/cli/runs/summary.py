"""What a list of runs says of each: as JSON, and as the cells of a table."""

import time
from typing import Any

from izcore.registry.choices import BackendChoice
from izcore.storage.records import DamagedRun, RunSummary

HEADINGS = ("run", "started", "status", "test", "calls", "cost", "preset", "scorer", "generator")


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
        return (run.id, started, run.status, *["-"] * (len(HEADINGS) - 3))
    result, config = run.result, run.config
    best = result.best if result else None
    return (
        run.id,
        started,
        run.status,
        f"{best.test.score:.2f}" if best and best.test else "-",
        str(result.calls) if result else "-",
        "-" if result is None or result.cost_usd is None else f"${result.cost_usd:.2f}",
        config.preset if run.searches else "-",
        _with_model(config.scorer),
        _with_model(config.generator) if run.searches else "-",
    )


def _with_model(backend: BackendChoice) -> str:
    """Return what a backend is called on the command line: its name, and its model where it has one."""
    model = backend.options.get("model")
    return f"{backend.name}:{model}" if isinstance(model, str) and model else backend.name
