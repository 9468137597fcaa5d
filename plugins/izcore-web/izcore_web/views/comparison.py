"""What a comparison shows: methods beside each other, pair by pair, and their runs."""

from collections.abc import Mapping, Sequence
from itertools import zip_longest

import izcore
from izcore import ComparisonRecord, Run, TestScore
from izcore.plugin import Record
from izcore_web.views.curve import curve_of

CERTAIN = 0.05
"""Adjusted p-values below it are told as differences."""


class MethodLine(Record):
    """A method: mean test score over ``seeds`` runs, with its 95% interval; None while no run is done."""

    name: str
    mean: float | None
    low: float
    high: float
    calls: int | None
    seeds: int


class PairLine(Record):
    """Two methods, the mean of ``a`` less that of ``b``, and the p-value, adjusted for all pairs."""

    a: str
    b: str
    difference: float
    p_value: float


class ComparedRun(Record):
    """A run of a comparison; ``instruction`` is its winner's."""

    method: str
    id: str
    seed: int
    status: str
    test: TestScore | None
    calls: int | None
    instruction: str


class ComparisonView(Record):
    """A comparison as far as it is; ``lead`` says in words what it shows."""

    finished: bool
    lead: str
    methods: tuple[MethodLine, ...]
    pairs: tuple[PairLine, ...]
    notes: tuple[str, ...]
    runs: tuple[ComparedRun, ...]
    done: int
    wanted: int


def comparison_view(record: ComparisonRecord, runs: Mapping[str, Sequence[Run]]) -> ComparisonView:
    """Return what is known of a comparison whose runs, by method, are these."""
    found = tuple(_compared(name, run) for name, each in runs.items() for run in each)
    done = sum(each.test is not None for each in found)
    wanted = record.seeds * len(record.runs)
    methods = _methods(record, found)
    pairs = tuple(PairLine(**pair) for pair in (record.result or {}).get("pairs", ()))
    finished = record.result is not None
    lead = _lead(methods, pairs) if finished else f"Not finished: {done} of {wanted} runs are done."
    return ComparisonView(
        finished=finished,
        lead=lead,
        methods=tuple(
            sorted(methods, key=lambda each: -1.0 if each.mean is None else each.mean, reverse=True)
        ),
        pairs=pairs,
        notes=tuple((record.result or {}).get("notes", ())),
        runs=found,
        done=done,
        wanted=wanted,
    )


def curves_of(runs: Mapping[str, Sequence[Run]]) -> dict[str, list[tuple[float, float]]]:
    """Return for each method how the best validation score came with calls, on average over its runs."""
    lines = {}
    for name, each in runs.items():
        curves = [curve.best for curve in map(curve_of, each) if curve.best]
        if curves:
            begin = max(points[0][0] for points in curves)
            calls = sorted({begin, *(at for points in curves for at, _ in points if at > begin)})
            lines[name] = [
                (float(at), sum(_at(points, at) for points in curves) / len(curves)) for at in calls
            ]
    return lines


def _at(points: Sequence[tuple[int, float]], calls: int) -> float:
    return next(score for at, score in reversed(points) if at <= calls)


def _compared(method: str, run: Run) -> ComparedRun:
    best = run.result.best if run.result else None
    return ComparedRun(
        method=method,
        id=run.id,
        seed=run.seed,
        status=run.status,
        test=best.test if best else None,
        calls=run.result.calls + run.result.cached_calls if run.result else None,
        instruction=best.instruction if best else "",
    )


def _methods(record: ComparisonRecord, runs: Sequence[ComparedRun]) -> list[MethodLine]:
    told = {each["name"]: each for each in (record.result or {}).get("methods", ())}
    lines = []
    for name in record.runs:
        own = [run for run in runs if run.method == name]
        tests = [run.test for run in own if run.test]
        asked = [run.calls for run in own if run.calls is not None]
        mean = izcore.mean_over_runs(tests) if tests else None
        test = told[name]["test"] if name in told else None
        lines.append(
            MethodLine(
                name=name,
                mean=test["mean"] if test else mean.score if mean else None,
                low=test["low"] if test else mean.low if mean else 0.0,
                high=test["high"] if test else mean.high if mean else 0.0,
                calls=round(sum(asked) / len(asked)) if asked else None,
                seeds=len(tests),
            )
        )
    return lines


def _lead(methods: Sequence[MethodLine], pairs: Sequence[PairLine]) -> str:
    best = max(methods, key=lambda each: -1.0 if each.mean is None else each.mean)
    beaten = [
        f"{other} ({abs(pair.difference):+.2f}, p = {pair.p_value:.2g})"
        for pair in pairs
        if pair.p_value < CERTAIN
        for other in [pair.b if pair.difference > 0 else pair.a]
        if best.name in (pair.a, pair.b) and other != best.name
    ]
    if beaten:
        return f"{best.name} is better than {', '.join(beaten)}."
    return (
        f"{best.name} has the highest mean, and may owe that to chance: no difference to another is certain."
    )


class Difference(Record):
    """A setting that two runs do not share."""

    key: str
    first: str
    second: str


def differences(first: Sequence[tuple[str, str]], second: Sequence[tuple[str, str]]) -> list[Difference]:
    """Return the settings in which two runs differ."""
    a, b = dict(first), dict(second)
    return [
        Difference(key=key, first=a.get(key, ""), second=b.get(key, ""))
        for key in dict.fromkeys(key for pair in zip_longest(a, b) for key in pair if key is not None)
        if a.get(key) != b.get(key)
    ]
