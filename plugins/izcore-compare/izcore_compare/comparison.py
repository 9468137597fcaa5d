"""A comparison from its plan to its result."""

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

import izcore
from izcore import Estimate, Figures
from izcore.plugin import Executor, InterruptedRunError, IzError, Record, UsageError
from izcore_compare.curves import curve_of
from izcore_compare.methods import Settings, check_comparable, config_of
from izcore_compare.plot import check_plot, draw_curves
from izcore_compare.results import ComparisonResult, compared
from izcore_compare.runs import ComparedRun

GO_ON = "Finished runs are kept; the same command goes on."


class Comparison(Record):
    """A comparison that is ready to start: one run per method and seed, those of a seed together."""

    task: str
    max_calls: int
    methods: tuple[str, ...]
    runs: tuple[ComparedRun, ...]
    notes: tuple[str, ...]

    @property
    def id(self) -> str:
        """A name that an equal comparison has again."""
        told = [(run.method, run.planned.config, run.planned.plan) for run in self.runs]
        digest = hashlib.sha256(msgspec.json.encode(told)).hexdigest()[:8]
        name = "".join(c if c.isalnum() else "-" for c in self.task.lower()).strip("-")[:24]
        return f"compare-{name or 'task'}-{digest}"

    @property
    def seeds(self) -> int:
        """The number of seeds."""
        return len(self.runs) // len(self.methods)

    def of(self, method: str) -> list[ComparedRun]:
        """Return a method's runs, by seed."""
        return [run for run in self.runs if run.method == method]

    def waiting(self, registry: "izcore.Registry") -> list[ComparedRun]:
        """Return the runs that are not done yet."""
        return [run for run in self.runs if not run.is_done(registry)]


def plan_comparison(
    registry: "izcore.Registry",
    methods: Mapping[str, Settings],
    common: Sequence[Settings],
    *,
    seeds: int,
    max_calls: int,
    db: Path,
    plot: Path | None = None,
    accept_changes: bool = False,
) -> Comparison:
    """Plan the runs of every method with seeds 0 to ``seeds`` - 1, each with ``max_calls`` calls.

    ``common`` are layers over the settings of each method. All methods of a seed share demonstrations and
    test examples, and validation examples as far as each takes them. With ``plot``, the runs score what its
    curves need, too. With ``accept_changes`` runs that were begun go on although something changed that they
    depend on.

    Raises UsageError or another error for people where a method cannot run, or the methods would not be
    comparable.
    """
    if plot is not None:
        check_plot(plot)
    if seeds < 1:
        raise UsageError(f"--seeds {seeds}: at least one seed is needed.", hint="Five are a good number.")
    configs = {
        name: config_of(registry, name, settings, common, max_calls) for name, settings in methods.items()
    }
    blocked = tuple(plugin.name for plugin in registry.plugins if plugin.status == "blocked")
    runs: list[ComparedRun] = []
    notes: dict[str, dict[str, None]] = {}
    for seed in range(seeds):
        seeded = {name: msgspec.structs.replace(config, seed=seed) for name, config in configs.items()}
        plans = izcore.plan_paired(seeded, registry=registry)
        check_comparable(registry, {name: planned.config for name, planned in plans.items()})
        for name, planned in plans.items():
            for note in planned.plan.notes:
                notes.setdefault(note, {})[name] = None
            runs.append(
                ComparedRun(
                    method=name,
                    planned=planned,
                    db=str(db),
                    blocked=blocked,
                    trace=registry.tracer.writes,
                    curve=plot is not None,
                    accept_changes=accept_changes,
                )
            )
    return Comparison(
        task=runs[0].planned.plan.task_name,
        max_calls=max_calls,
        methods=tuple(configs),
        runs=tuple(runs),
        notes=tuple(
            note if len(noted) == len(configs) else f"{', '.join(noted)}: {note}"
            for note, noted in notes.items()
        ),
    )


def estimate_of(runs: Iterable[ComparedRun]) -> Estimate:
    """Add up what runs are likely to take, and the most that they may."""
    estimates = [run.planned.estimate for run in runs]
    costs = [each.cost_usd for each in estimates]
    return Estimate(
        trials=sum(each.trials for each in estimates),
        calls=sum(each.calls for each in estimates),
        tokens=sum(each.tokens for each in estimates),
        cost_usd=None if None in costs else sum(cost for cost in costs if cost is not None),
        expected=sum((each.likely for each in estimates), Figures()),
        with_retries=sum((each.with_retries for each in estimates), Figures()),
    )


def executor_for(registry: "izcore.Registry", name: str | None, workers: int) -> Executor:
    """Return the executor of that name; without one, several workers are processes, and one is this process.

    Raises UsageError for less than one worker, and for several where the executor has no such option.
    """
    if workers < 1:
        raise UsageError(f"{workers} workers: at least one is needed.")
    options = {"workers": workers} if workers > 1 else {}
    return izcore.build_executor(
        name or ("processes" if workers > 1 else "sequential"), options, registry=registry
    )


def run_comparison(
    registry: izcore.Registry,
    comparison: Comparison,
    waiting: Sequence[ComparedRun],
    executor: Executor,
    report: Callable[[str], None] = lambda name: None,
) -> ComparisonResult:
    """Perform the runs that are not done yet, and say what all of them show.

    ``report`` is told the name of each run that is done. Raises the failure of the first run that fails, and
    InterruptedRunError on Ctrl-C; all runs are kept, and the same comparison goes on with them.
    """
    for run in waiting:
        izcore.check_ready(run.planned, registry=registry)
    done = len(comparison.runs) - len(waiting)
    keeper = _Keeper(comparison)
    keeper.keep()
    try:
        for job in executor.run([run.job for run in waiting]):
            done += 1
            keeper.keep()
            report(job.name)
    except (KeyboardInterrupt, InterruptedRunError):
        raise InterruptedRunError(
            f"Stopped; {done} of {len(comparison.runs)} runs are finished.",
            hint="Everything up to here is kept; the same command goes on.",
        ) from None
    except IzError as error:
        error.hint = f"{error.hint}\n{GO_ON}".strip()
        raise
    result = compared(
        {name: [_finished(run) for run in comparison.of(name)] for name in comparison.methods},
        task=comparison.task,
        max_calls=comparison.max_calls,
    )
    keeper.keep(result)
    return result


class _Keeper:
    """Writes down which runs belong to a comparison, as far as they were begun, and what they show."""

    def __init__(self, comparison: Comparison) -> None:
        self._comparison = comparison
        self._created = time.time()
        self._begun: dict[str, str] = {}

    def keep(self, result: ComparisonResult | None = None) -> None:
        """Write it, in the place of what was known."""
        comparison = self._comparison
        for run in comparison.runs:
            if run.name not in self._begun and (record := run.record()):
                self._begun[run.name] = record.id
        begun = {
            name: tuple(self._begun[run.name] for run in comparison.of(name) if run.name in self._begun)
            for name in comparison.methods
        }
        izcore.keep_comparison(
            izcore.ComparisonRecord(
                id=comparison.id,
                created=self._created,
                task=comparison.task,
                max_calls=comparison.max_calls,
                seeds=comparison.seeds,
                runs=begun,
                result=None if result is None else msgspec.to_builtins(result),
            ),
            db=comparison.runs[0].db,
        )


def plot_comparison(registry: "izcore.Registry", comparison: Comparison, path: Path) -> None:
    """Draw quality against calls of a comparison that was planned with a plot and is done."""
    curves = {name: [curve_of(run, registry) for run in comparison.of(name)] for name in comparison.methods}
    draw_curves(path, curves, title=f"{comparison.task}, at most {comparison.max_calls} calls a run")


def _finished(run: ComparedRun) -> "izcore.Run":
    record = run.record()
    assert record is not None, f"{run.name} was performed"
    return izcore.run(record.id, db=run.db)
