"""Linear algebra that bears matrices which are singular up to rounding."""

from linear_operator.utils.cholesky import psd_safe_cholesky
from torch import Tensor


def cholesky(matrix: Tensor) -> Tensor:
    """Return the lower Cholesky factor of ``matrix``; if it is singular, jitter of 1e-9 to 1e-2 is added.

    Raises NotPSDError where that is not enough, NanError where the matrix has no numbers in it.
    """
    factor: Tensor = psd_safe_cholesky(matrix, jitter=1e-9, max_tries=8)
    return factor
