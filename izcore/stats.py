"""Statistics of scores: intervals for one instruction, paired tests between two."""

from collections.abc import Sequence

from izcore.records import TestScore

CONFIDENCE = 0.95
RESAMPLES = 9_999


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


def _wilson(mean: float, n: int) -> tuple[float, float]:
    from scipy.stats import norm

    z = float(norm.ppf((1 + CONFIDENCE) / 2))
    centre = (mean + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * (mean * (1 - mean) / n + z * z / (4 * n * n)) ** 0.5
    return centre - half, centre + half
