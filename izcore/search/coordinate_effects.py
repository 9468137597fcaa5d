"""What each choice of a coordinate is worth, by the sentences that met several choices on one example."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from izcore.plugin.results import CoordinateEffect
from izcore.plugin.trials import Trial
from izcore.scoring.statistics import CONFIDENCE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LEAST = 5
"""Bodies, and examples, below which a difference says more about them than about the choice."""

NARROW = 0.15
"""Half the length of an interval that is told whatever the effect is: that a choice is worth nothing, too."""

CLEAR = 2.0
"""Of wider ones those are told whose effect is so many times as large as half their length.

Of those that only just exclude 0, many would be exaggerated: it is their error that makes them do so.
"""

ROUNDING = 1e-9
"""What differs by less than this differs by rounding alone."""

_Place = tuple[Hashable, int]
"""A body, and the index of an example."""

_Scored = tuple[tuple[str, ...], float]
"""The names of the values that complete a body, and its score with them."""


def coordinate_effects(
    trials: Iterable[Trial], choices: Mapping[str, Sequence[str]]
) -> tuple[CoordinateEffect, ...]:
    """Return the main effect of every choice about which the trials say enough.

    ``choices`` holds the names of the values of each coordinate, the plainest first. With y the score of body
    b with the values v on example e, the model is

        y[b, v, e] = a[b, e] + sum over coordinates k of effect[k, v[k]] + noise,

    fitted by least squares. The term a[b, e], free for each body on each example, leaves only comparisons of
    a body with itself on the same example (the within estimator: Wooldridge 2010, Econometric Analysis of
    Cross Section and Panel Data, chapter 10.5). So it counts neither for nor against a choice which bodies
    and how many examples it met.

    The variance is that of the jackknife over bodies, plus that over examples, less that over both together,
    and no smaller than either of the first two (MacKinnon, Nielsen and Webb 2024, Jackknife inference with
    two-way clustering, arXiv 2406.08880): scores of one body are alike, and so are scores on one example. The
    interval takes Student's distribution with one degree of freedom less than there are bodies or examples,
    whichever are fewer. Where all comparisons agree their spread says nothing, and the interval has the
    length of Wilson's for as many answers that are all right.

    An effect is left out where fewer than ``LEAST`` bodies or examples tell it, where it hangs on a single
    one of them, where no score differs, or where it is neither ``CLEAR`` nor its interval ``NARROW``.
    """
    scored = _comparisons(trials, choices)
    if not scored or len({score for each in scored.values() for _, score in each}) == 1:
        return ()
    effects = []
    columns = [(name, value) for name, values in choices.items() for value in values[1:]]
    for (name, value), (difference, variance) in zip(columns, _fit(scored, columns), strict=True):
        place_of = list(choices).index(name)
        telling = [
            place
            for place, each in scored.items()
            if value in (met := {values[place_of] for values, _ in each}) and len(met) > 1
        ]
        bodies, examples = (len({place[axis] for place in telling}) for axis in (0, 1))
        if min(bodies, examples) < LEAST or variance is None:
            continue
        half = _half_length(variance, min(bodies, examples))
        if half > NARROW and abs(difference) < CLEAR * half:
            continue
        effects.append(
            CoordinateEffect(
                coordinate=name,
                value=value,
                plainest=choices[name][0],
                difference=difference,
                low=max(-1.0, difference - half),
                high=min(1.0, difference + half),
                bodies=bodies,
                examples=examples,
            )
        )
    return tuple(effects)


def _comparisons(
    trials: Iterable[Trial], choices: Mapping[str, Sequence[str]]
) -> dict[_Place, list[_Scored]]:
    """Return the scores on every place where one body met several choices."""
    scored: dict[_Place, list[_Scored]] = defaultdict(list)
    for trial in trials:
        chosen = dict(trial.candidate.coordinates)
        if trial.reused is not None or any(chosen.get(name) not in choices[name] for name in choices):
            continue  # an earlier run's instruction need not have the coordinates of this one
        values = tuple(chosen[name] for name in choices)
        body = trial.candidate.sentence
        for example, score in enumerate(trial.scores):
            if score is not None:
                scored[body, example].append((values, score))
    return {place: each for place, each in scored.items() if len({values for values, _ in each}) > 1}


def _fit(
    scored: Mapping[_Place, Sequence[_Scored]], columns: Sequence[tuple[str, str]]
) -> list[tuple[float, float | None]]:
    """Return the effect of each column with its variance; None where the places leave one of them open."""
    import numpy as np

    names = list(dict.fromkeys(name for name, _ in columns))
    squares, products = [], []
    for each in scored.values():
        met = np.array(
            [[values[names.index(name)] == value for name, value in columns] for values, _ in each], float
        )
        scores = np.array([score for _, score in each])
        within = met - met.mean(axis=0)
        squares.append(within.T @ within)
        products.append(within.T @ (scores - scores.mean()))
    normal = np.array(squares), np.array(products)
    (estimate,) = _solve(normal[0].sum(axis=0, keepdims=True), normal[1].sum(axis=0, keepdims=True))
    bodies, examples, both = (
        _jackknife(normal, estimate, labels)
        for labels in ([body for body, _ in scored], [example for _, example in scored], list(scored))
    )
    variance = np.maximum(bodies + examples - both, np.maximum(bodies, examples))
    return [
        (float(effect), float(spread) if np.isfinite(spread) else None)
        for effect, spread in zip(estimate, variance, strict=True)
    ]


def _jackknife(normal: "tuple[Floats, Floats]", estimate: "Floats", labels: Sequence[Hashable]) -> "Floats":
    """Return the variance of an estimate by leaving out all places of one label after the other."""
    import numpy as np

    numbers = {label: number for number, label in enumerate(dict.fromkeys(labels))}
    left_out = [np.zeros((len(numbers), *part.shape[1:])) for part in normal]
    for part, total in zip(normal, left_out, strict=True):
        np.add.at(total, [numbers[label] for label in labels], part)
    without = _solve(*(part.sum(axis=0) - out for part, out in zip(normal, left_out, strict=True)))
    spread: Floats = ((without - estimate) ** 2).sum(axis=0) * (len(numbers) - 1) / len(numbers)
    return spread


def _solve(squares: "Floats", products: "Floats") -> "Floats":
    """Solve normal equations, one set per row; NaN for what they leave open."""
    import numpy as np

    inverse = np.linalg.pinv(squares, rcond=ROUNDING, hermitian=True)
    found: Floats = np.einsum("gij,gj->gi", inverse, products)
    # What is determined is left alone by the projection on all that the equations speak of.
    spoken_of = np.abs(inverse @ squares - np.eye(squares.shape[1])).max(axis=2) < 1e-6
    return np.where(spoken_of, found, np.nan)


def _half_length(variance: float, clusters: int) -> float:
    """Return half the length of the interval of an effect with this variance."""
    from scipy import stats

    if variance**0.5 < ROUNDING:
        squared = float(stats.norm.ppf((1 + CONFIDENCE) / 2)) ** 2
        return squared / (clusters + squared)
    return float(stats.t.ppf((1 + CONFIDENCE) / 2, clusters - 1) * variance**0.5)
