"""Statistics of scores: intervals and paired tests, of instructions over examples and methods over runs."""

import math
from collections.abc import Sequence

from izcore.plugin.results import TestScore

CONFIDENCE = 0.95
RESAMPLES = 9_999
ROUNDING = 1e-12
"""Means of scores in [0, 1] that differ by less are the same but for rounding."""


def mean_with_interval(scores: Sequence[float], *, seed: int) -> TestScore:
    """Return mean and 95% confidence interval of scores in [0, 1].

    Right-or-wrong scores get Wilson's interval (Wilson 1927), which stays honest at 0 and 1; graded
    scores the bias-corrected accelerated bootstrap (Efron 1987); equal graded scores, about whose spread
    a bootstrap would know nothing, Wilson's interval at their mean, which is at least as wide as the
    truth for any score in [0, 1] of that mean.

    Raises ValueError without scores.
    """
    import numpy as np
    from scipy import stats

    if not scores:
        raise ValueError("no scores")
    values = np.asarray(scores, dtype=float)
    n, mean = len(values), float(values.mean())
    if set(scores) <= {0.0, 1.0}:
        low, high = stats.binomtest(int(values.sum()), n).proportion_ci(CONFIDENCE, method="wilson")
    elif values.min() == values.max():
        low, high = _wilson(mean, n)
    else:
        interval = stats.bootstrap(
            (values,),
            np.mean,
            confidence_level=CONFIDENCE,
            n_resamples=RESAMPLES,
            method="BCa",
            rng=np.random.default_rng(seed),
        ).confidence_interval
        low, high = interval.low, interval.high
    return TestScore(score=mean, low=max(0.0, float(low)), high=min(1.0, float(high)), n=n)


def paired_p_value(first: Sequence[float], second: Sequence[float], *, seed: int) -> float:
    """Return the two-sided p-value that two instructions differ on the same examples.

    The sign-flip permutation test on the differences. Between right-or-wrong scores that is McNemar's
    exact test (a binomial test on the examples where they disagree). 1.0 where nothing differs.

    Raises ValueError for different lengths or no scores.
    """
    import numpy as np
    from scipy import stats

    if len(first) != len(second) or not first:
        raise ValueError("paired scores must have the same length, at least 1")
    differences = np.asarray(first, dtype=float) - np.asarray(second, dtype=float)
    changed = differences[differences != 0]
    if len(changed) == 0:
        return 1.0
    if len(set(np.abs(changed))) == 1:
        return float(stats.binomtest(int((changed > 0).sum()), len(changed)).pvalue)
    result = stats.permutation_test(
        (changed,),
        np.mean,
        permutation_type="samples",
        n_resamples=RESAMPLES,
        vectorized=True,
        rng=np.random.default_rng(seed),
    )
    return float(result.pvalue)


def mean_over_runs(runs: Sequence[TestScore]) -> TestScore:
    """Return the mean of runs that differ in their seed alone, with its 95% confidence interval.

    Student's interval of the runs' means: mean -+ t(.975; S - 1) s / sqrt(S) for S runs whose means have
    the standard deviation s (Student 1908). A run is one observation however many examples it was tested
    on, so the interval says how a method does over seeds: splits, latents, luck. Runs of equal means,
    about whose spread nothing is known, get Wilson's interval for all their examples together; a single run
    keeps the interval of its own examples. ``n`` of the result is the number of runs.

    Raises ValueError without runs.
    """
    import numpy as np
    from scipy import stats

    if not runs:
        raise ValueError("no runs")
    count = len(runs)
    if count == 1:
        return TestScore(score=runs[0].score, low=runs[0].low, high=runs[0].high, n=1)
    means = np.array([run.score for run in runs])
    mean, spread = float(means.mean()), float(means.std(ddof=1))
    if spread < ROUNDING:
        low, high = _wilson(mean, sum(run.n for run in runs))
    else:
        half = float(stats.t.ppf((1 + CONFIDENCE) / 2, count - 1)) * spread / count**0.5
        low, high = mean - half, mean + half
    return TestScore(score=mean, low=max(0.0, low), high=min(1.0, high), n=count)


def p_value_over_runs(differences: Sequence[float]) -> float:
    """Return the two-sided p-value that two methods differ, from one difference of means per seed.

    The paired t-test (Student 1908), in which a seed is one observation: examples of one run say much about
    its instruction and little about the method that found it. Equal differences, about whose spread nothing
    is known, are judged by their signs: 2 / 2^S for S seeds. 1.0 where nothing differs.

    Raises ValueError for less than two seeds.
    """
    import numpy as np
    from scipy import stats

    if len(differences) < 2:
        raise ValueError("two methods are compared over at least two seeds")
    values = np.asarray(differences, dtype=float)
    if np.abs(values).max() < ROUNDING:
        return 1.0
    if values.std(ddof=1) < ROUNDING:
        return float(2.0 ** (1 - len(values)))
    return float(stats.ttest_1samp(values, 0.0).pvalue)


def adjust_for_number(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted for their number, in the same order (Holm 1979).

    The k-th smallest of m is multiplied by m - k + 1, and none becomes smaller than one before it. Calling
    those below .05 different is wrong about any pair at all in at most 5% of comparisons.
    """
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        largest = max(largest, min(1.0, p_values[index] * (len(p_values) - rank)))
        adjusted[index] = largest
    return adjusted


def chance_of_lead(first: Sequence[float], second: Sequence[float]) -> float:
    """Bound the probability that ``first`` leads by as much as it does, were it no better than ``second``.

    Both are scores of the same examples, drawn independently, in [0, 1] or in that less a constant.
    Right-or-wrong scores: the exact one-sided sign test on the examples where they disagree. Others:
    exp(-n d^2 / 2) for n differences that span at most 2, with mean d (Hoeffding 1963, theorem 2). 1.0 where
    ``first`` does not lead.

    Raises ValueError for different lengths.
    """
    from scipy import stats

    pairs = list(zip(first, second, strict=True))
    lead = sum(a - b for a, b in pairs)
    if lead <= 0:
        return 1.0
    if {*first, *second} <= {0.0, 1.0}:
        ahead = sum(a > b for a, b in pairs)
        return float(stats.binom.sf(ahead - 1, sum(a != b for a, b in pairs), 0.5))
    return math.exp(-lead * lead / (2 * len(pairs)))


def _wilson(mean: float, n: int) -> tuple[float, float]:
    from scipy.stats import norm

    z = float(norm.ppf((1 + CONFIDENCE) / 2))
    centre = (mean + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * (mean * (1 - mean) / n + z * z / (4 * n * n)) ** 0.5
    return centre - half, centre + half
