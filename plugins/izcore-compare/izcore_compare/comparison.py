"""Compares search methods: same task, same examples, same budget, the same seeds, and what it shows."""

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from izcore.config.layers import Settings, build_config, read_toml
from izcore.config.paths import Paths
from izcore.config.schema import DEFAULT_PRESET, RunConfig, SplitSizes
from izcore_compare.curves import curve_of
from izcore_compare.executors import Executor, Job
from izcore_compare.plot import check_plot, draw_curves
from izcore.engine.plan import PlannedRun, load_task, plan_run
from izcore.plugin.errors import BackendError, ConfigError, InterruptedRunError, IzError, UsageError, about
from izcore.plugin.records import Record
from izcore.plugin.results import Estimate, TestScore
from izcore.plugin.seeds import derive_seed
from izcore.registry.registry import Registry
from izcore.scoring.statistics import adjust_for_number, mean_over_runs, p_value_over_runs, paired_p_value
from izcore.storage.records import RunRecord
from izcore.storage.store import Store

GO_ON = "Finished runs are kept; the same command goes on."


class MethodScore(Record):
    """Mean test score over the seeds, with its 95% confidence interval."""

    mean: float
    low: float
    high: float


class MethodResult(Record):
    """How a method did. ``calls`` were asked by a run on average, whether paid or cached.

    ``runs`` are the ids of its runs, by seed from 0 on.
    """

    name: str
    test: MethodScore
    calls: int
    runs: tuple[str, ...]


class Pair(Record):
    """Two methods: the mean of ``a`` minus that of ``b``, and the p-value, adjusted for all the pairs."""

    a: str
    b: str
    difference: float
    p_value: float


class ComparisonResult(Record):
    """What a comparison found; ``seeds`` is their number, ``max_calls`` the limit of each run."""

    task: str
    max_calls: int
    seeds: int
    methods: tuple[MethodResult, ...]
    pairs: tuple[Pair, ...]


class Comparison(Record):
    """A comparison that is ready to start: one job per method and seed, those of a seed together."""

    task: str
    max_calls: int
    methods: tuple[str, ...]
    jobs: tuple[Job, ...]
    notes: tuple[str, ...]

    @property
    def seeds(self) -> int:
        """The number of seeds."""
        return len(self.jobs) // len(self.methods)

    def of(self, method: str) -> list[Job]:
        """Return a method's jobs, by seed."""
        return [job for job in self.jobs if job.method == method]


def read_methods(registry: Registry, named: Iterable[str]) -> dict[str, Settings]:
    """Return the settings of each method by its name: a preset's name, or a TOML file whose stem is the name.

    Raises UsageError for names that nothing answers to, that occur twice, or of which there is one alone.
    """
    methods: dict[str, Settings] = {}
    for text in named:
        path = Path(text).expanduser()
        if text.endswith(".toml"):
            file = read_toml(path)
            name, settings = path.stem, {"preset": DEFAULT_PRESET, **file}
        else:
            name, settings = text, {"preset": text}
        registry.presets.settings(str(settings["preset"]))
        if name in methods:
            raise UsageError(f"Two methods are named {name!r}.", hint="Rename one of the TOML files.")
        methods[name] = settings
    if len(methods) < 2:
        raise UsageError(
            f"A comparison needs at least two methods, not {len(methods)}.",
            hint=f"Presets: {', '.join(registry.presets.summaries())}; or TOML files.",
        )
    return methods


def plan_comparison(
    registry: Registry,
    methods: Mapping[str, Settings],
    common: Sequence[Settings],
    *,
    seeds: int,
    max_calls: int,
    db: Path,
    paths: Paths,
    plot: Path | None = None,
) -> Comparison:
    """Plan the runs of every method with seeds 0 to ``seeds`` - 1, each with ``max_calls`` calls.

    ``common`` are layers over the settings of each method, which bring no baselines of their own. All
    methods of a seed share demonstrations and test examples, and validation examples as far as each takes
    them. Answers from the cache count as calls, so that no method does better for coming after another.
    With ``plot``, jobs score what its curves need, too.

    Raises UsageError or another error for people where a method cannot run, or the methods would not be
    comparable.
    """
    if plot is not None:
        check_plot(plot)
    if seeds < 1:
        raise UsageError(f"--seeds {seeds}: at least one seed is needed.", hint="Five are a good number.")
    configs = {
        name: _config(registry, name, settings, common, max_calls) for name, settings in methods.items()
    }
    sizes = [config.splits for config in configs.values()]
    largest = {name: max(getattr(each, name) for each in sizes) for name in SplitSizes.__struct_fields__}
    drawn = SplitSizes(**largest)
    blocked = tuple(plugin.name for plugin in registry.plugins if plugin.status == "blocked")
    jobs: list[Job] = []
    notes: dict[str, dict[str, None]] = {}
    for seed in range(seeds):
        data = None
        plans: dict[str, PlannedRun] = {}
        for name, config in configs.items():
            splits = msgspec.structs.replace(config.splits, test=drawn.test)
            seeded = msgspec.structs.replace(config, seed=seed, splits=splits)
            data = data or load_task(registry, seeded, paths)
            with about(name):
                plans[name] = plan_run(registry, seeded, paths, data=data, drawn=drawn)
            for note in plans[name].plan.notes:
                notes.setdefault(note, {})[name] = None
        _check_comparable(registry, {name: planned.config for name, planned in plans.items()})
        jobs += [
            Job(
                method=name,
                planned=planned,
                db=str(db),
                blocked=blocked,
                trace=registry.tracer.writes,
                curve=plot is not None,
            )
            for name, planned in _on_the_same_test(plans).items()
        ]
    return Comparison(
        task=jobs[0].planned.plan.task_name,
        max_calls=max_calls,
        methods=tuple(configs),
        jobs=tuple(jobs),
        notes=tuple(
            note if len(noted) == len(configs) else f"{', '.join(noted)}: {note}"
            for note, noted in notes.items()
        ),
    )


def estimate_of(jobs: Iterable[Job]) -> Estimate:
    """Add up what jobs may take at most."""
    estimates = [job.planned.estimate for job in jobs]
    costs = [each.cost_usd for each in estimates]
    return Estimate(
        trials=sum(each.trials for each in estimates),
        calls=sum(each.calls for each in estimates),
        tokens=sum(each.tokens for each in estimates),
        cost_usd=None if None in costs else sum(cost for cost in costs if cost is not None),
    )


def _on_the_same_test(plans: Mapping[str, PlannedRun]) -> dict[str, PlannedRun]:
    """Cut all tests to the shortest: a method that tests more baselines has room for fewer examples."""
    shortest = min(len(planned.plan.splits.test) for planned in plans.values())
    same: dict[str, PlannedRun] = {}
    for name, planned in plans.items():
        splits = msgspec.structs.replace(planned.plan.splits, test=planned.plan.splits.test[:shortest])
        plan = msgspec.structs.replace(planned.plan, splits=splits)
        same[name] = msgspec.structs.replace(planned, plan=plan)
    return same


def run_comparison(
    store: Store,
    comparison: Comparison,
    executor: Executor,
    report: Callable[[Job], None] = lambda job: None,
) -> ComparisonResult:
    """Perform the runs that are not done yet, and say what all of them show.

    ``report`` hears of each job that is done. Raises the failure of the first run that fails, and
    InterruptedRunError on Ctrl-C; all runs are kept, and the same comparison goes on with them.
    """
    waiting = [job for job in comparison.jobs if not job.is_done(store)]
    done = len(comparison.jobs) - len(waiting)
    try:
        for job in executor.run(waiting):
            done += 1
            report(job)
    except (KeyboardInterrupt, InterruptedRunError):
        raise InterruptedRunError(
            f"Stopped; {done} of {len(comparison.jobs)} runs are finished.",
            hint="Everything up to here is kept; the same command goes on.",
        ) from None
    except IzError as error:
        error.hint = f"{error.hint}\n{GO_ON}".strip()
        raise
    return summarise(store, comparison)


def plot_comparison(registry: Registry, store: Store, comparison: Comparison, path: Path) -> None:
    """Draw quality against calls of a comparison that was planned with a plot and is done."""
    curves = {
        name: [curve_of(registry, store, _finished(store, job)) for job in comparison.of(name)]
        for name in comparison.methods
    }
    draw_curves(path, curves, title=f"{comparison.task}, at most {comparison.max_calls} calls a run")


def summarise(store: Store, comparison: Comparison) -> ComparisonResult:
    """Say what the runs of a comparison show, which must all be done."""
    records = {name: [_finished(store, job) for job in comparison.of(name)] for name in comparison.methods}
    tests = {name: [_test_of(record) for record in found] for name, found in records.items()}
    pairs = list(itertools.combinations(comparison.methods, 2))
    p_values = adjust_for_number([_p_value(store, tests, records, a, b) for a, b in pairs])
    return ComparisonResult(
        task=comparison.task,
        max_calls=comparison.max_calls,
        seeds=comparison.seeds,
        methods=tuple(
            MethodResult(
                name=name,
                test=_score(mean_over_runs(tests[name])),
                calls=round(sum(map(_asked, found)) / len(found)),
                runs=tuple(record.id for record in found),
            )
            for name, found in records.items()
        ),
        pairs=tuple(
            Pair(a=a, b=b, difference=sum(_differences(tests, a, b)) / comparison.seeds, p_value=p_value)
            for (a, b), p_value in zip(pairs, p_values, strict=True)
        ),
    )


def _config(
    registry: Registry, name: str, settings: Settings, common: Sequence[Settings], max_calls: int
) -> RunConfig:
    fixed = {
        "preset": settings["preset"],
        "budget": {"max_calls": max_calls, "count_cached": True},
    }
    with about(name):
        config = build_config(registry, [settings, {"baselines": []}, *common, fixed], RunConfig)
        for limit in ("max_tokens", "max_cost"):
            if getattr(config.budget, limit) is not None:
                raise ConfigError(
                    f"budget.{limit}: methods are compared at the same number of calls.",
                    hint="Take it out; --max-calls is the only limit.",
                )
    return config


def _check_comparable(registry: Registry, configs: Mapping[str, RunConfig]) -> None:
    for (a, first), (b, second) in itertools.combinations(configs.items(), 2):
        if first == second:
            raise UsageError(f"The methods {a} and {b} have the same settings.")
        for kind in ("scorer", "metric"):
            mine, theirs = getattr(first, kind), getattr(second, kind)
            if mine != theirs:
                raise UsageError(
                    f"The methods differ in their {kind}: {a} has {registry.describe(kind, mine)}, "
                    f"{b} has {registry.describe(kind, theirs)}.",
                    hint=f"Choose one for all of them: --{kind} NAME",
                )


def _finished(store: Store, job: Job) -> RunRecord:
    record = job.record(store)
    assert record is not None
    assert record.result is not None
    return record


def _test_of(record: RunRecord) -> TestScore:
    best = record.result.best if record.result else None
    if best is None or best.test is None:
        raise BackendError(
            f"Run {record.id} could not test its winner, so there is nothing to compare.",
            hint=f"Delete it (iz runs delete {record.id}), and the same command does it again.",
        )
    return best.test


def _asked(record: RunRecord) -> int:
    return record.result.calls + record.result.cached_calls if record.result else 0


def _score(test: TestScore) -> MethodScore:
    return MethodScore(mean=test.score, low=test.low, high=test.high)


def _differences(tests: Mapping[str, Sequence[TestScore]], a: str, b: str) -> list[float]:
    return [first.score - second.score for first, second in zip(tests[a], tests[b], strict=True)]


def _p_value(
    store: Store,
    tests: Mapping[str, Sequence[TestScore]],
    records: Mapping[str, Sequence[RunRecord]],
    a: str,
    b: str,
) -> float:
    differences = _differences(tests, a, b)
    if len(differences) > 1:
        return p_value_over_runs(differences)
    # One seed says nothing of the methods, only of these two winners, on the examples that both answered.
    winners = [_winner_scores(store, records[name][0]) for name in (a, b)]
    known = [(x, y) for x, y in zip(*winners, strict=True) if x is not None and y is not None]
    first, second = [x for x, _ in known], [y for _, y in known]
    return paired_p_value(first, second, seed=derive_seed(0, "p", a, b)) if known else 1.0


def _winner_scores(store: Store, record: RunRecord) -> tuple[float | None, ...]:
    assert record.result is not None
    assert record.result.best is not None
    return store.test_scores(record.id)[record.result.best.guidance.key]
