"""Reads a run with everything that the database holds of it."""

import msgspec

from izcore.plugin.results import RunResult
from izcore.plugin.run_record import THIS_INSTRUCTION, Run
from izcore.storage.store import Store


def read_whole_run(store: Store, run_id: str) -> Run:
    """Return the run of that id, of a unique beginning of it, or the newest for ``last``."""
    record = store.run(run_id)
    names, scores = _names(record.result), store.test_scores(record.id)
    tested = dict.fromkeys([*(key for key in names if key in scores), *scores])
    return Run(
        id=record.id,
        task=record.task,
        status=record.status,
        seed=record.config.seed,
        created=record.created,
        seconds=record.seconds,
        config=msgspec.to_builtins(record.config),
        splits=record.plan.splits,
        versions=record.plan.versions,
        notes=record.plan.notes,
        generator_state=record.generator_state,
        trials=tuple(store.trials(record.id)),
        test_scores=tuple(msgspec.structs.replace(scores[key], name=names.get(key, "")) for key in tested),
        result=record.result,
    )


def _names(result: RunResult | None) -> dict[str, str]:
    """Return what the result calls the instructions that it is about, by key of guidance."""
    names: dict[str, str] = {}
    if result and result.best:
        names[result.best.guidance.key] = THIS_INSTRUCTION
    for baseline in result.baselines if result else ():
        names.setdefault(baseline.guidance.key, baseline.name)
    return names
