"""The Python door: what ``iz`` can do, in functions that return frozen records. The commands call them, too.

>>> import izcore
>>> result = izcore.optimize("reviews.csv", metric="contains", max_calls=2000)  # doctest: +SKIP
>>> result.best.instruction  # doctest: +SKIP
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Unpack

from izcore.config.layers import build_config
from izcore.config.options import RunOptions, ScoringOptions, settings_layers
from izcore.config.paths import Paths
from izcore.config.schema import RunConfig, ScoringConfig
from izcore.databases import open_store
from izcore.engine import plan as plans
from izcore.engine.entry import in_own_thread, public
from izcore.engine.environment import open_environment
from izcore.engine.export import export_run
from izcore.engine.gates import Gates
from izcore.engine.given_examples import GivenTask, task_of
from izcore.engine.given_functions import MetricFunction, ScorerFunction, name_functions
from izcore.engine.older_prompts import with_whole_prompt
from izcore.engine.plan import PlannedRun, plan_run
from izcore.engine.runner import resume_run, start_run
from izcore.engine.score_instructions import contenders_of, score_contenders, scoring_settings
from izcore.engine.score_result import ScoreResult
from izcore.engine.warm_start import find_earlier_run
from izcore.plugin.errors import BackendUnavailableError
from izcore.plugin.paths import user_path
from izcore.plugin.registrations import Exported
from izcore.plugin.results import RunResult
from izcore.plugin.run_record import Run
from izcore.registry.hints import where_to_find
from izcore.registry.registry import Registry, discover
from izcore.storage.records import DamagedRun, RunRecord
from izcore.storage.whole_run import read_whole_run


@public
def plan(
    task: GivenTask,
    *,
    db: str | Path | None = None,
    registry: Registry | None = None,
    **options: Unpack[RunOptions],
) -> PlannedRun:
    """Say what ``optimize`` would do, what that is likely to cost and the most that it may; same options.

    Nothing is asked of any model, and no key is needed. ``estimate`` of the plan holds the figures, and says
    whether given limits are enough. :func:`execute` carries the plan out.
    """
    found, settings = name_functions(registry or discover(), options)
    named = task_of(task, Paths.of_this_user())
    config = build_config(found, settings_layers(named, **settings), RunConfig)
    earlier = None
    if config.warm_start:
        with open_store(db) as store:
            earlier = find_earlier_run(store, config)
    return plan_run(found, config, Paths.of_this_user(), earlier=earlier)


@public
def check_ready(planned: PlannedRun, *, registry: Registry | None = None) -> None:
    """Raise UsageError for what keeps a planned run from starting, such as an API key that is missing.

    A plan needs no key; :func:`execute` checks this first, and whoever starts several runs checks all of
    them before the first.
    """
    plans.check_ready(registry or discover(), planned.config, Paths.of_this_user())


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
    scorer: ScorerFunction | None = None,
    metric: MetricFunction | None = None,
) -> RunResult:
    """Carry out a run that :func:`plan` planned, from its beginning to its end.

    ``observers`` maps names of your choice to objects with observing hooks. ``log_file`` names a file that
    gets one JSON line per call, with prompt and answer if ``log_text``. ``announce`` is called with the
    run's id as soon as the run is in the database, before any model loads. ``scorer`` and ``metric`` are the
    functions that the run was planned with, if any.

    Raises :class:`~izcore.plugin.errors.IzError`; a run that stops is kept, and :func:`resume` goes on
    with it.
    """
    found, _ = name_functions(registry or discover(), {"scorer": scorer, "metric": metric})
    with open_environment(
        found, db=db, observers=observers, log_file=log_file, log_text=log_text
    ) as environment:
        return start_run(environment, planned, announce or _to_nobody)


@public
def optimize(
    task: GivenTask,
    *,
    db: str | Path | None = None,
    registry: Registry | None = None,
    observers: Mapping[str, object] | None = None,
    log_file: str | Path | None = None,
    log_text: bool = False,
    **options: Unpack[RunOptions],
) -> RunResult:
    """Find the best instruction for a task, which is a name, the path of a file or folder, or examples.

    Examples are mappings of columns to values, such as the rows of a table; they are read like a file of JSON
    lines, and kept as one in the data folder.

    ``options`` are those of :class:`RunOptions`; the other parameters, and the errors, are those of
    :func:`execute`.
    """
    found, _ = name_functions(registry or discover(), options)
    planned = plan(task, db=db, registry=found, **options)
    return execute(planned, db=db, registry=found, observers=observers, log_file=log_file, log_text=log_text)


async def aoptimize(
    task: GivenTask,
    *,
    db: str | Path | None = None,
    registry: Registry | None = None,
    observers: Mapping[str, object] | None = None,
    log_file: str | Path | None = None,
    log_text: bool = False,
    **options: Unpack[RunOptions],
) -> RunResult:
    """Do what :func:`optimize` does, for an event loop to wait for; the same parameters and errors.

    The run works, and calls its observers, on a thread of its own, so that the loop goes on meanwhile. Who
    cancels the task that waits stops the run as Ctrl-C does: answers that are paid for are waited for and
    kept, unless it is cancelled once more; :func:`resume` goes on with the run.
    """
    run = partial(
        optimize,
        task,
        db=db,
        registry=registry,
        observers=observers,
        log_file=log_file,
        log_text=log_text,
        **options,
    )
    return await in_own_thread(run)


@public
def resume(
    run_id: str,
    *,
    max_calls: int | None = None,
    max_tokens: int | None = None,
    max_cost: float | None = None,
    accept_changes: bool = False,
    stop_when_flat: bool | None = None,
    db: str | Path | None = None,
    registry: Registry | None = None,
    observers: Mapping[str, object] | None = None,
    log_file: str | Path | None = None,
    log_text: bool = False,
    announce: Callable[[str], None] | None = None,
    scorer: ScorerFunction | None = None,
    metric: MetricFunction | None = None,
) -> RunResult:
    """Go on with a run that stopped, perhaps with other limits, to its end.

    ``stop_when_flat`` replaces the run's ``search.stop_when_flat``, unless it is None.

    Where something changed that the run depends on (the task's data, a model or its endpoint, a file, the
    metric's function, the version of a plugin, Python or a library) UsageError names it, and with
    ``accept_changes`` the run goes on and its result holds the ``changes``.

    Functions are not kept with a run: one that began with a function as ``scorer`` or ``metric`` goes on only
    where the same one is given again.

    ``run_id`` may be a unique beginning of the id, or ``last``. The other parameters, and the errors, are
    those of :func:`execute`.
    """
    found, _ = name_functions(registry or discover(), {"scorer": scorer, "metric": metric})
    with open_environment(
        found, db=db, observers=observers, log_file=log_file, log_text=log_text
    ) as environment:
        limits = {"max_calls": max_calls, "max_tokens": max_tokens, "max_cost": max_cost}
        return resume_run(
            environment,
            run_id,
            announce or _to_nobody,
            accept_changes=accept_changes,
            stop_when_flat=stop_when_flat,
            **limits,
        )


@public
def score(
    task: GivenTask,
    instruction: str | Sequence[str] = (),
    *,
    from_runs: Sequence[str] = (),
    fail_under: float | None = None,
    not_worse_than: str | None = None,
    margin: float = 0.05,
    db: str | Path | None = None,
    registry: Registry | None = None,
    observers: Mapping[str, object] | None = None,
    log_file: str | Path | None = None,
    log_text: bool = False,
    **options: Unpack[ScoringOptions],
) -> ScoreResult:
    """Score instructions on a task's test split, with 95% confidence intervals, and compare them in pairs.

    ``instruction`` is one text or several. ``from_runs`` names runs whose winners are scored, too, exactly as
    they were measured: exemplars, template and placement. The settings of the first of them, or else of the
    run that ``not_worse_than`` names, take the place of the preset and of own defaults: scorer, metric, seed,
    splits and template, as far as ``options`` say nothing else.

    Gates are judged for every instruction: a score is to be at least ``fail_under``; and the winner of the
    run ``not_worse_than`` is not to be better by ``margin`` or more, to judge by the 95% confidence interval
    of the difference on the test examples that both met.

    The scoring is kept as a run. ``options`` are those of :class:`ScoringOptions`; the other parameters are
    those of :func:`execute`.
    """
    found, settings = name_functions(registry or discover(), options)
    given = (instruction,) if isinstance(instruction, str) else tuple(instruction)
    winners = [run(name, db=db) for name in from_runs]
    reference = run(not_worse_than, db=db) if not_worse_than else None
    contenders = contenders_of(given, winners)
    named = task_of(task, Paths.of_this_user())
    base = next(iter(winners), reference)
    layers = settings_layers(named, with_own_defaults=base is None, **settings)
    if base is not None:
        layers = [scoring_settings(base), *layers]
    gates = Gates(fail_under=fail_under, reference=reference, margin=margin)
    config = build_config(found, layers, ScoringConfig)
    with open_environment(
        found, db=db, observers=observers, log_file=log_file, log_text=log_text
    ) as environment:
        return score_contenders(environment, config, contenders, gates)


def compare(task: str, methods: Sequence[str | Path], **options: Any) -> Any:
    """Compare search methods on a task: does what ``izcore_compare.compare`` does, with the same options.

    The function is found where the plugin izcore-compare is installed. Raises
    :class:`~izcore.BackendUnavailableError` where it is not.
    """
    function = (options.get("registry") or discover()).import_function("compare")
    if function is None:
        raise BackendUnavailableError(
            "izcore.compare needs a plugin that is not loaded.", hint=where_to_find("command", "compare")
        )
    return public(function)(task, methods, **options)


@public
def runs(*, db: str | Path | None = None) -> list[RunRecord | DamagedRun]:
    """Return all runs of a database, the newest first, without their trials: :func:`run` reads those.

    One whose record cannot be read stands among them with the status ``damaged``, its name and the reason.
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
        return with_whole_prompt(read_whole_run(store, run_id))


@public
def export(
    run_id: str,
    *,
    format: str | None = None,
    output: str | Path | None = None,
    options: Mapping[str, Any] | None = None,
    exported: Exported | None = None,
    overwrite: bool = True,
    db: str | Path | None = None,
    registry: Registry | None = None,
) -> str:
    """Return a run as text in a format that is installed, such as ``json``, ``csv`` or ``csv:answers``.

    A format of prompts, such as ``python``, gives the prompt that won the run, as it was measured.

    With ``output`` the text is written to that file, too, and the file's suffix decides the format where
    none is named. Without either it is ``jsonl``. ``options`` are the format's own, such as
    ``{"raw": True}`` for ``csv``. A format that is no text, such as ``parquet``, needs ``output``, and the
    text is empty. With ``exported``, ``"run"`` or ``"prompt"``, UsageError refuses a format of the other.
    Without ``overwrite`` UsageError refuses a file that is there already. ``run_id`` may be a unique
    beginning of the id, or ``last``.
    """
    file = None if output is None else user_path(output)
    found = registry or discover()
    return export_run(
        found,
        run(run_id, db=db),
        format=format,
        output=file,
        options=options,
        exported=exported,
        overwrite=overwrite,
    )


def _to_nobody(run_id: str) -> None:
    """Announce a run where nobody asked for that."""
