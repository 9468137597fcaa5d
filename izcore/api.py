"""The Python door: what ``iz`` can do, in functions that return frozen records. The commands call them, too.

>>> import izcore
>>> result = izcore.optimize("reviews.csv", metric="contains", max_calls=2000)  # doctest: +SKIP
>>> result.best.instruction  # doctest: +SKIP
"""

import asyncio
import functools
import inspect
import typing
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ParamSpec, TypeVar, Unpack

from izcore.config.layers import Settings, build_config
from izcore.config.options import RunOptions, ScoringOptions, settings_layers
from izcore.config.paths import Paths
from izcore.config.schema import RunConfig, ScoringConfig
from izcore_compare.comparison import (
    ComparisonResult,
    plan_comparison,
    plot_comparison,
    read_methods,
    run_comparison,
)
from izcore_compare.executors import executor_for
from izcore.engine.environment import open_environment
from izcore.engine.plan import PlannedRun, plan_run
from izcore.engine.runner import ScoreResult, check_resumable, continue_run, score_instruction, start_run
from izcore.engine.warm_start import find_earlier_run
from izcore.plugin.errors import UsageError, nearest_names
from izcore.plugin.results import RunResult
from izcore.plugin.run_record import Run
from izcore.registry.registry import Registry, discover
from izcore.storage.records import RunRecord
from izcore.storage.store import Store
from izcore.storage.whole_run import read_whole_run

P = ParamSpec("P")
T = TypeVar("T")


def public(function: Callable[P, T]) -> Callable[P, T]:
    """Let a public function refuse options that it does not have, and work where an event loop runs.

    In a notebook a loop is running already; the function then does its work in a thread of its own.
    """
    known = _option_names(function)

    @functools.wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> T:
        for name in kwargs:
            if name not in known:
                raise UsageError(
                    f"izcore.{function.__name__} has no option {name!r}.", hint=nearest_names(name, known)
                )
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return function(*args, **kwargs)
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(function, *args, **kwargs).result()

    return checked


def _option_names(function: Callable[..., object]) -> set[str]:
    """Return the names that a function takes by keyword, those of a ``TypedDict`` among them."""
    names: set[str] = set()
    hints = typing.get_type_hints(function)
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            (options,) = typing.get_args(hints[name])
            names |= options.__annotations__.keys()
        else:
            names.add(name)
    return names


@public
def plan(
    task: str,
    *,
    db: str | Path | None = None,
    registry: Registry | None = None,
    **options: Unpack[RunOptions],
) -> PlannedRun:
    """Say what ``optimize`` would do and cost at most, without doing it; same options.

    :func:`execute` carries the plan out.
    """
    found = registry or discover()
    config = build_config(found, settings_layers(task, **options), RunConfig)
    earlier = None
    if config.warm_start:
        with open_store(db) as store:
            earlier = find_earlier_run(store, config)
    return plan_run(found, config, Paths.of_this_user(), earlier=earlier)


@public
def execute(
    planned: PlannedRun,
    *,
    db: str | Path | None = None,
    registry: Registry | None = None,
    observers: Mapping[str, object] | None = None,
    log_file: str | Path | None = None,
    log_text: bool = False,
    announce: Callable[[str], None] | None = None,
) -> RunResult:
    """Carry out a run that :func:`plan` planned, from its beginning to its end.

    ``observers`` maps names of your choice to objects with observing hooks. ``log_file`` names a file that
    gets one JSON line per call, with prompt and answer if ``log_text``. ``announce`` is called with the
    run's id as soon as the run is in the database, before any model loads.

    Raises :class:`~izcore.plugin.errors.IzError`; a run that stops is kept, and :func:`resume` goes on
    with it.
    """
    with open_environment(
        registry or discover(), db=db, observers=observers, log_file=log_file, log_text=log_text
    ) as environment:
        record = start_run(environment, planned)
        if announce:
            announce(record.id)
        return continue_run(environment, record)


@public
def optimize(
    task: str,
    *,
    db: str | Path | None = None,
    registry: Registry | None = None,
    observers: Mapping[str, object] | None = None,
    log_file: str | Path | None = None,
    log_text: bool = False,
    **options: Unpack[RunOptions],
) -> RunResult:
    """Find the best instruction for a task, which is a name or the path of a file or folder.

    ``options`` are those of :class:`RunOptions`; the other parameters, and the errors, are those of
    :func:`execute`.
    """
    found = registry or discover()
    planned = plan(task, db=db, registry=found, **options)
    return execute(planned, db=db, registry=found, observers=observers, log_file=log_file, log_text=log_text)


@public
def resume(
    run_id: str,
    *,
    max_calls: int | None = None,
    max_tokens: int | None = None,
    max_cost: float | None = None,
    db: str | Path | None = None,
    registry: Registry | None = None,
    observers: Mapping[str, object] | None = None,
    log_file: str | Path | None = None,
    log_text: bool = False,
    announce: Callable[[str], None] | None = None,
) -> RunResult:
    """Go on with a run that stopped, perhaps with other limits, to its end.

    ``run_id`` may be a unique beginning of the id, or ``last``. The other parameters, and the errors, are
    those of :func:`execute`.
    """
    with open_environment(
        registry or discover(), db=db, observers=observers, log_file=log_file, log_text=log_text
    ) as environment:
        record = environment.store.run(run_id)
        check_resumable(environment, record)
        limits = {"max_calls": max_calls, "max_tokens": max_tokens, "max_cost": max_cost}
        record = environment.store.change_limits(record, **limits)
        if announce:
            announce(record.id)
        return continue_run(environment, record)


@public
def score(
    task: str,
    instruction: str,
    *,
    db: str | Path | None = None,
    registry: Registry | None = None,
    observers: Mapping[str, object] | None = None,
    log_file: str | Path | None = None,
    log_text: bool = False,
    **options: Unpack[ScoringOptions],
) -> ScoreResult:
    """Score one instruction on a task's test split, with its 95% confidence interval.

    ``options`` are those of :class:`ScoringOptions`; the other parameters are those of :func:`execute`.
    """
    found = registry or discover()
    config = build_config(found, settings_layers(task, **options), ScoringConfig)
    with open_environment(
        found, db=db, observers=observers, log_file=log_file, log_text=log_text
    ) as environment:
        return score_instruction(environment, config, instruction)


@public
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
    surrogate: str | None = None,
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

    found = registry or discover()
    paths = Paths.of_this_user()
    picture = None if plot is None else Path(plot).expanduser()
    common = settings_layers(
        task,
        generator=generator,
        scorer=scorer,
        surrogate=surrogate,
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


@public
def runs(*, db: str | Path | None = None) -> list[RunRecord]:
    """Return all runs of a database, the newest first, without their trials: :func:`run` reads those.

    ``pandas.DataFrame([run.row() for run in izcore.runs()])`` is a table of them.
    """
    with open_store(db) as store:
        return store.runs()


@public
def run(run_id: str, *, db: str | Path | None = None) -> Run:
    """Return a run with its trials, answers and test scores.

    ``run_id`` may be a unique beginning of the id, or ``last``. ``pandas.DataFrame(run.trial_rows())`` is a
    table of its trials; :meth:`Run.answer_rows` and :meth:`Run.test_rows` give the other two.
    """
    with open_store(db) as store:
        return read_whole_run(store, run_id)


def open_store(db: str | Path | None = None) -> Store:
    """Open a database: this one, that of ``IZ_DB``, or the user's own."""
    return Store(Paths.of_this_user().database(db))
