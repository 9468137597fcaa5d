"""The Python API: the same power as the command line, in functions that return frozen records.

>>> import izcore
>>> result = izcore.optimize("reviews.csv", metric="contains", max_calls=2000)  # doctest: +SKIP
>>> result.best.instruction  # doctest: +SKIP
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from izcore.config.layers import Settings, build_config, read_toml
from izcore.config.paths import Paths
from izcore.config.schema import RunConfig, ScoringConfig
from izcore.engine.comparison.comparison import (
    ComparisonResult,
    plan_comparison,
    plot_comparison,
    read_methods,
    run_comparison,
)
from izcore.engine.comparison.executors import executor_for
from izcore.engine.environment import Environment, open_environment
from izcore.engine.plan import PlannedRun, plan_run
from izcore.engine.runner import ScoreResult, check_resumable, continue_run, score_instruction, start_run
from izcore.engine.warm_start import find_earlier_run
from izcore.plugin.results import RunResult
from izcore.registry.registry import Registry, discover
from izcore.storage.records import RunRecord
from izcore.storage.store import Store

T = TypeVar("T")


def settings_layers(
    task: str,
    *,
    generator: str | None = None,
    scorer: str | None = None,
    surrogate: str | None = None,
    metric: str | None = None,
    preset: str | None = None,
    config: str | Path | None = None,
    prompt_template: str | None = None,
    baselines: Sequence[str] = (),
    max_calls: int | None = None,
    max_tokens: int | None = None,
    max_cost: float | None = None,
    seed: int | None = None,
    cache: bool | None = None,
    warm_start: str | None = None,
    trackers: Sequence[str] = (),
    settings: Settings | None = None,
) -> list[Settings]:
    """Return the layers of settings that :func:`~izcore.config.layers.build_config` merges.

    The file comes first, the named arguments over it, ``settings`` (shaped like the TOML) over all.
    """
    named: dict[str, Any] = {
        "task": task,
        "generator": generator,
        "scorer": scorer,
        "surrogate": surrogate,
        "metric": metric,
        "preset": preset,
        "prompt_template": prompt_template,
        "baselines": list(baselines) or None,
        "seed": seed,
        "cache": cache,
        "warm_start": warm_start,
        "trackers": list(trackers) or None,
    }
    limits = {"max_calls": max_calls, "max_tokens": max_tokens, "max_cost": max_cost}
    layer = {key: value for key, value in named.items() if value is not None}
    budget = {key: value for key, value in limits.items() if value is not None}
    if budget:
        layer["budget"] = budget
    file = [read_toml(Path(config))] if config is not None else []
    return [*file, layer, settings or {}]


def plan(
    task: str, *, db: str | Path | None = None, registry: Registry | None = None, **options: Any
) -> PlannedRun:
    """Say what ``optimize`` would do and cost at most, without doing it; same options."""
    registry = registry or discover()
    config = build_config(registry, settings_layers(task, **options), RunConfig)
    earlier = None
    if config.warm_start:
        with open_store(db) as store:
            earlier = find_earlier_run(store, config)
    return plan_run(registry, config, Paths.of_this_user(), earlier=earlier)


def optimize(
    task: str,
    *,
    db: str | Path | None = None,
    registry: Registry | None = None,
    observers: Mapping[str, object] | None = None,
    **options: Any,
) -> RunResult:
    """Find the best instruction for a task.

    ``options`` are those of :func:`settings_layers`. ``observers`` maps names to objects that implement
    observing hooks. Raises :class:`~izcore.plugin.errors.IzError`; a run that stops is kept and can be
    resumed.
    """

    def work() -> RunResult:
        found = registry or discover()
        config = build_config(found, settings_layers(task, **options), RunConfig)
        with open_environment(found, db=db, observers=observers) as environment:
            earlier = find_earlier_run(environment.store, config)
            planned = plan_run(found, config, environment.paths, earlier=earlier)
            return continue_run(environment, start_run(environment, planned))

    return _away_from_loops(work)


def change_limits(environment: Environment, record: RunRecord, **limits: float | None) -> RunRecord:
    """Give a run those of ``max_calls``, ``max_tokens`` and ``max_cost`` that are not None."""
    changed = {key: value for key, value in limits.items() if value is not None}
    if not changed:
        return record
    return environment.store.set_budget(record.id, msgspec.structs.replace(record.config.budget, **changed))


def resume(
    run_id: str,
    *,
    max_calls: int | None = None,
    max_tokens: int | None = None,
    max_cost: float | None = None,
    db: str | Path | None = None,
    registry: Registry | None = None,
    observers: Mapping[str, object] | None = None,
) -> RunResult:
    """Go on with a run that stopped, perhaps with other limits.

    ``run_id`` may be a unique beginning of the id, or ``last``.
    """

    def work() -> RunResult:
        with open_environment(registry or discover(), db=db, observers=observers) as environment:
            record = environment.store.run(run_id)
            check_resumable(environment, record)
            limits = {"max_calls": max_calls, "max_tokens": max_tokens, "max_cost": max_cost}
            return continue_run(environment, change_limits(environment, record, **limits))

    return _away_from_loops(work)


def score(
    task: str,
    instruction: str,
    *,
    db: str | Path | None = None,
    registry: Registry | None = None,
    **options: Any,
) -> ScoreResult:
    """Score one instruction on a task's test split, with its confidence interval."""

    def work() -> ScoreResult:
        found = registry or discover()
        config = build_config(found, settings_layers(task, **options), ScoringConfig)
        with open_environment(found, db=db) as environment:
            return score_instruction(environment, config, instruction)

    return _away_from_loops(work)


def compare(
    task: str,
    methods: Sequence[str | Path],
    *,
    max_calls: int,
    seeds: int = 5,
    workers: int = 1,
    plot: str | Path | None = None,
    generator: str | None = None,
    scorer: str | None = None,
    metric: str | None = None,
    prompt_template: str | None = None,
    baselines: Sequence[str] = (),
    trackers: Sequence[str] = (),
    settings: Settings | None = None,
    db: str | Path | None = None,
    registry: Registry | None = None,
) -> ComparisonResult:
    """Compare search methods on a task: same examples, same budget, the same seeds 0 to ``seeds`` - 1.

    A method is a preset's name or the path of a TOML file; the named arguments and ``settings`` lie over
    each. Runs that an equal comparison finished are used, not repeated. ``plot`` names a PNG or SVG file
    for quality against calls. With several ``workers`` runs happen in processes of their own: a script then
    needs ``if __name__ == "__main__":`` around its main part.

    Raises :class:`~izcore.plugin.errors.IzError`; all runs are kept then, and the same comparison goes on.
    """

    def work() -> ComparisonResult:
        found = registry or discover()
        paths = Paths.of_this_user()
        picture = None if plot is None else Path(plot).expanduser()
        common = settings_layers(
            task,
            generator=generator,
            scorer=scorer,
            metric=metric,
            prompt_template=prompt_template,
            baselines=baselines,
            trackers=trackers,
            settings=settings,
        )
        comparison = plan_comparison(
            found,
            read_methods(found, map(str, methods)),
            common,
            seeds=seeds,
            max_calls=max_calls,
            db=paths.database(db),
            paths=paths,
            plot=picture,
        )
        with Store(paths.database(db)) as store:
            result = run_comparison(store, comparison, executor_for(workers, found))
            if picture is not None:
                plot_comparison(found, store, comparison, picture)
        return result

    return _away_from_loops(work)


def runs(*, db: str | Path | None = None) -> list[RunRecord]:
    """Return all runs of a database, newest first."""
    with open_store(db) as store:
        return store.runs()


def open_store(db: str | Path | None = None) -> Store:
    """Open a database: this one, that of ``IZ_DB``, or the user's own."""
    return Store(Paths.of_this_user().database(db))


def _away_from_loops(work: Callable[[], T]) -> T:
    """Do the work; in a thread of its own where an event loop is running already, as in a notebook."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return work()
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()
