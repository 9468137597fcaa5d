"""What a comparison found."""

import itertools
from collections.abc import Mapping, Sequence

import izcore
from izcore import Run, TestScore
from izcore.plugin import BackendError, Record, derive_seed


class MethodScore(Record):
    """Mean test score over the seeds, with its 95% confidence interval."""

    mean: float
    low: float
    high: float


class MethodResult(Record):
    """How a method did.

    ``calls`` is the mean number of calls that a run asked, whether paid or answered from the cache. ``runs``
    are the ids of the method's runs, by seed from 0 on.
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
    """What a comparison found; ``seeds`` is their number, ``max_calls`` the limit of each run.

    ``notes`` say of which runs examples were set aside. A test example that one run has set aside counts for
    no run of its seed.
    """

    task: str
    max_calls: int
    seeds: int
    methods: tuple[MethodResult, ...]
    pairs: tuple[Pair, ...]
    notes: tuple[str, ...] = ()


def compared(runs: Mapping[str, Sequence[Run]], *, task: str, max_calls: int) -> ComparisonResult:
    """Say what the finished runs of each method, by seed, show."""
    by_seed = [_tests_of(of_seed) for of_seed in zip(*runs.values(), strict=True)]
    tests = {name: [of_seed[place] for of_seed in by_seed] for place, name in enumerate(runs)}
    pairs = list(itertools.combinations(runs, 2))
    differences = {
        (a, b): [x.score - y.score for x, y in zip(tests[a], tests[b], strict=True)] for a, b in pairs
    }
    p_values = izcore.adjust_for_number(
        [
            izcore.p_value_over_runs(each)
            if len(each) > 1
            else _p_value_of_winners(runs[a][0], runs[b][0], seed=derive_seed(0, "p", a, b))
            for (a, b), each in differences.items()
        ]
    )
    return ComparisonResult(
        task=task,
        max_calls=max_calls,
        seeds=len(next(iter(runs.values()))),
        methods=tuple(
            MethodResult(
                name=name,
                test=_score(izcore.mean_over_runs(tests[name])),
                calls=round(sum(map(_asked, each)) / len(each)),
                runs=tuple(run.id for run in each),
            )
            for name, each in runs.items()
        ),
        pairs=tuple(
            Pair(a=a, b=b, difference=sum(each) / len(each), p_value=p_value)
            for ((a, b), each), p_value in zip(differences.items(), p_values, strict=True)
        ),
        notes=tuple(
            f"{name}, seed {run.seed}: {', '.join(map(str, run.result.set_aside))} set aside."
            for name, each in runs.items()
            for run in each
            if run.result and run.result.set_aside
        ),
    )


def _tests_of(runs: Sequence[Run]) -> list[TestScore]:
    """Return the test scores of runs of one seed, all on the examples that count for all of them."""
    tests = [_test_of(run) for run in runs]
    scores = [_winner_scores(run) for run in runs]
    if not all(scores):
        return tests
    counts = [None not in each for each in zip(*scores, strict=True)]
    if all(test.n == sum(counts) for test in tests):
        return tests
    seed = derive_seed(runs[0].seed, "interval", "winner")
    return [izcore.mean_with_interval(_counting(each, counts), seed=seed) for each in scores]


def _counting(scores: Sequence[float | None], counts: Sequence[bool]) -> list[float]:
    return [score for score, counted in zip(scores, counts, strict=True) if counted and score is not None]


def _test_of(run: Run) -> TestScore:
    best = run.result.best if run.result else None
    if best is None or best.test is None:
        raise BackendError(
            f"Run {run.id} could not test its winner, so there is nothing to compare.",
            hint=f"Delete it (iz runs delete {run.id}), and the same command does it again.",
        )
    return best.test


def _asked(run: Run) -> int:
    return run.result.calls + run.result.cached_calls if run.result else 0


def _score(test: TestScore) -> MethodScore:
    return MethodScore(mean=test.score, low=test.low, high=test.high)


def _p_value_of_winners(first: Run, second: Run, *, seed: int) -> float:
    """One seed says nothing of the methods, only of two winners, on the examples that both answered."""
    scores = zip(_winner_scores(first), _winner_scores(second), strict=False)
    known = [(x, y) for x, y in scores if x is not None and y is not None]
    if not known:
        return 1.0
    return izcore.paired_p_value([x for x, _ in known], [y for _, y in known], seed=seed)


def _winner_scores(run: Run) -> tuple[float | None, ...]:
    """Return the winner's scores on the test examples; none where an older version did not keep them."""
    assert run.result is not None
    assert run.result.best is not None
    winner = run.result.best.guidance
    return next((tested.scores for tested in run.test_scores if tested.guidance == winner), ())
