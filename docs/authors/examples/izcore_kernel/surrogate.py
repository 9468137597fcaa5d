"""A new kernel in the search of izcore-botorch, which fits it, chooses batches and avoids repeats."""

from gpytorch.constraints import GreaterThan
from gpytorch.kernels import Kernel, RQKernel
from gpytorch.priors import GammaPrior

from izcore_botorch.fitting import dimension_scaled_lengthscale
from izcore_botorch.options import SearchOptions
from izcore_botorch.surrogates import PlainProcess


class Rational(PlainProcess[SearchOptions]):
    """A mixture of many lengthscales: instructions alike in small things, and in large ones."""

    def kernel(self, dimensions: int) -> Kernel:
        """Return l, with l(p, p) = 1; the prior says that about three lengthscales are mixed."""
        kernel = RQKernel(
            alpha_constraint=GreaterThan(0.1), **dimension_scaled_lengthscale(dimensions)
        ).double()
        kernel.register_prior("alpha_prior", GammaPrior(2.0, 1.0), "alpha")
        return kernel
