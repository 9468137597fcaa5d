"""The list of runs of a database, without reading a trial of any."""

from collections.abc import Mapping, Sequence

from izcore import DamagedRun, Progress, RunSummary
from izcore.plugin import Record
from izcore_web.views.headline import STATUS


class RunLine(Record):
    """A run in a list; ``done`` and ``limit`` are calls of one that is at work, of at most how many."""

    id: str
    created: float
    task: str
    status: str
    told: str
    preset: str = ""
    models: str = ""
    score: float | None = None
    low: float = 0.0
    high: float = 0.0
    trials: int = 0
    calls: int | None = None
    limit: int | None = None
    cost_usd: float | None = None


def run_lines(runs: Sequence[RunSummary | DamagedRun], progress: Mapping[str, Progress]) -> list[RunLine]:
    """Return the runs as lines; ``progress`` is that of those at work, by id."""
    return [_line(run, progress.get(run.id)) for run in runs]


def _line(run: RunSummary | DamagedRun, progress: Progress | None) -> RunLine:
    if isinstance(run, DamagedRun):
        return RunLine(
            id=run.id, created=run.created, task=run.task, status="damaged", told=f"damaged: {run.reason}"
        )
    best = run.result.best if run.result else None
    test = best.test if best else None
    config = run.config
    writer = [config.generator.name] if run.searches else []
    models = [*writer, str(config.scorer.options.get("model") or config.scorer.name)]
    return RunLine(
        id=run.id,
        created=run.created,
        task=run.task,
        status=run.status,
        told=STATUS[run.status],
        preset=config.preset if run.searches else "given instructions",
        models=" → ".join(models),
        score=test.score if test else None,
        low=test.low if test else 0.0,
        high=test.high if test else 0.0,
        trials=progress.trials if progress else run.trials,
        calls=run.result.calls if run.result else progress.calls if progress else None,
        limit=config.budget.max_calls,
        cost_usd=run.result.cost_usd if run.result else None,
    )
