"""Expected improvement, in logarithms, so that it has a slope where it is too small for a float.

Ament et al., "Unexpected Improvements to Expected Improvement for Bayesian Optimization" (2023), Eq. 9.
"""

import numpy as np
from scipy.special import erfcx, log_ndtr

from izcore_sklearn.observations import Array

_LOG_SQRT_2PI = 0.5 * np.log(2 * np.pi)
_LOG_SQRT_HALF_PI = 0.5 * np.log(np.pi / 2)
_FAR = -1e4


def log_improvement(z: Array) -> Array:
    """Return log(phi(z) + z Phi(z)), the expected improvement of a standard normal that starts at ``z``."""
    result = np.empty_like(z)
    near = z > -1
    middle = ~near & (z > _FAR)
    far = z <= _FAR
    x = z[near]
    result[near] = np.log(np.exp(-0.5 * x**2 - _LOG_SQRT_2PI) + x * np.exp(log_ndtr(x)))
    x = z[middle]
    ratio = np.log(erfcx(-x / np.sqrt(2)) * -x) + _LOG_SQRT_HALF_PI
    result[middle] = -0.5 * x**2 - _LOG_SQRT_2PI + np.log(-np.expm1(ratio))
    x = z[far]
    result[far] = -0.5 * x**2 - _LOG_SQRT_2PI - 2 * np.log(-x)
    return result


def log_expected_improvement(mean: Array, deviation: Array, best: float) -> Array:
    """Return log E[max(f - best, 0)] for f normal with ``mean`` and standard ``deviation`` (above 0)."""
    return np.log(deviation) + log_improvement((mean - best) / deviation)
