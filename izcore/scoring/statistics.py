"""Statistics of scores: how sure a mean is, and whether two instructions, or two methods, really differ."""

from collections.abc import Sequence

from izcore.plugin.results import TestScore

CONFIDENCE = 0.95
"""The probability with which an interval is to hold the true mean."""

RESAMPLES = 9_999
"""How often a bootstrap or a permutation test draws, where it cannot try everything."""

ROUNDING = 1e-12
"""Means of scores in [0, 1] that differ by less than this differ by rounding alone."""


def mean_with_interval(scores: Sequence[float], *, seed: int) -> TestScore:
    """Return the mean of scores from 0 to 1, one per example, with its 95% confidence interval.

    Which interval depends on the scores:

    - all of them 0 or 1: Wilson's score interval (Wilson 1927), which is sound also where all are equal;
    - others: the bias-corrected and accelerated bootstrap (Efron 1987), drawn with ``seed``;
    - others that are all equal: Wilson's interval at their mean. A bootstrap would take their spread for 0;
      scores of 0 and 1 have the largest spread of all scores from 0 to 1 with that mean, so the interval is
      rather too wide than too narrow.

    Raises ValueError if there are no scores.
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
    """Return the two-sided p-value of the hypothesis that two instructions do equally well.

    ``first`` and ``second`` are their scores on the same examples, in the same order. The test is the
    sign-flip permutation test on the differences: were the two equally good, each difference could as well
    have the other sign. Where all differences have the same size, as between scores of 0 and 1, that is
    McNemar's exact test: a binomial test on the examples where the two disagree. Where there are too many
    flips to try them all, some are drawn with ``seed``. The result is 1.0 if no score differs.

    Raises ValueError if the lengths differ or there are no scores.
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


def paired_difference(first: Sequence[float], second: Sequence[float]) -> tuple[float, float, float]:
    """Return how much the mean of ``first`` is above that of ``second``, with its 95% confidence interval.

    Both are scores on the same examples, in the same order. For n differences with the mean d and the
    standard deviation s it is Student's interval (Student 1908), d - t s / sqrt(n) to d + t s / sqrt(n), with
    t the 97.5% quantile of Student's distribution with n - 1 degrees of freedom, cut at -1 and 1. Where no
    score differs it is the point 0. Where all differences are another number, s says nothing, and the
    interval reaches as far as Wilson's for n successes of n.

    Raises ValueError if the lengths differ, or there are fewer than two scores.
    """
    import numpy as np
    from scipy import stats

    if len(first) != len(second) or len(first) < 2:
        raise ValueError("paired scores must have the same length, at least 2")
    differences = np.asarray(first, dtype=float) - np.asarray(second, dtype=float)
    n, mean = len(differences), float(differences.mean())
    spread = float(differences.std(ddof=1))
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, n - 1)) * spread / n**0.5
    if spread < ROUNDING and mean:
        half = 1 - _wilson(1.0, n)[0]
    return mean, max(-1.0, mean - half), min(1.0, mean + half)


def mean_over_runs(runs: Sequence[TestScore]) -> TestScore:
    """Return the mean score of runs that differ only in their seed, with its 95% confidence interval.

    A run counts as one observation, however many examples it was tested on: the interval says how a method
    does over seeds, each of which means other splits and other latents. For S runs whose scores have the
    mean m and the standard deviation s it is Student's interval (Student 1908),

        m - t s / sqrt(S)  to  m + t s / sqrt(S),

    with t the 97.5% quantile of Student's distribution with S - 1 degrees of freedom. Where all runs have
    the same score, s says nothing, and the interval is Wilson's for all their examples together. A single
    run keeps the interval of its own examples. ``n`` of the result is the number of runs.

    Raises ValueError if there are no runs.
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
    """Return the two-sided p-value of the hypothesis that two methods do equally well.

    ``differences`` holds, for each seed, how much the score of the first method's run is above that of the
    second's. The test is the paired t-test (Student 1908), in which a seed is one observation: the examples
    of one run say much about its instruction and little about the method that found it. Where all
    differences are equal, their spread says nothing, and the sign test decides: 2 / 2^S for S seeds. The
    result is 1.0 if all differences are 0.

    Raises ValueError if there are fewer than two seeds.
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
    """Return p-values adjusted for how many there are, in the same order, by Holm's method (Holm 1979).

    The k-th smallest of m p-values is multiplied by m - k + 1, and raised to the adjusted value of the one
    before it where it would be smaller. If all pairs whose adjusted p-value is below .05 are called
    different, the probability of being wrong about one or more of them is at most 5%.
    """
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        largest = max(largest, min(1.0, p_values[index] * (len(p_values) - rank)))
        adjusted[index] = largest
    return adjusted


def _wilson(mean: float, n: int) -> tuple[float, float]:
    from scipy.stats import norm

    z = float(norm.ppf((1 + CONFIDENCE) / 2))
    centre = (mean + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * (mean * (1 - mean) / n + z * z / (4 * n * n)) ** 0.5
    return centre - half, centre + half
