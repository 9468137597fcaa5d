"""The surrogates: history in, latents out. Pure functions of their request."""

import logging
from abc import ABC, abstractmethod
from typing import Generic, TypeVar

import numpy as np
from gpytorch.kernels import Kernel
from linear_operator.utils.errors import NanError, NotPSDError

from izcore.plugin import BackendContext, ConfigError, SuggestRequest, SuggestResult, Surrogate
from izcore_botorch.distinct import first_of_pool, make_distinct
from izcore_botorch.fitting import (
    Belief,
    dimension_scaled_matern,
    fit_completed,
    fit_latents,
    fit_published,
)
from izcore_botorch.history import Observations, observe
from izcore_botorch.options import CompletedOptions, InstructionCoupledOptions, MaternOptions, SearchOptions
from izcore_botorch.reproducible import reproducible
from izcore_botorch.search import propose

_log = logging.getLogger(__name__)

OptionsT = TypeVar("OptionsT", bound=SearchOptions)


class _GaussianProcessSurrogate(Surrogate, ABC, Generic[OptionsT]):
    """What the surrogates share: all but the model."""

    def __init__(self, options: OptionsT, context: BackendContext) -> None:
        if options.acquisition == "thompson" and options.optimizer != "pool":
            raise ConfigError(
                "surrogate.acquisition: thompson compares a fixed set of latents, which "
                f"optimizer {options.optimizer} does not have.",
                hint="Add --set surrogate.optimizer=pool",
            )
        self._options = options

    def suggest(self, request: SuggestRequest) -> SuggestResult:
        """Return ``request.count`` distinct latents, none of which was tried; of the pool, if there is one.

        They are Sobol points until the initial design is complete and two trials have scores, and also
        where the numbers defy the model, jitter and all; with a pool they are then its first members, which
        were written from Sobol points.
        """
        observations = observe(request, self._options.max_trials)
        proposed = np.empty((0, request.latent_dim))
        if observations is not None and len(request.history) >= request.initial and request.count > 0:
            with reproducible(request.seed):
                try:
                    proposed = propose(self._fit(observations), observations, self._options, request)
                except (NanError, NotPSDError) as error:
                    _log.info("no model of %d trials (%s); Sobol points instead", len(request.history), error)
        if request.pool:
            return SuggestResult(latents=tuple(map(tuple, proposed.tolist())) or first_of_pool(request))
        return SuggestResult(latents=make_distinct(proposed, request))

    @abstractmethod
    def _fit(self, observations: Observations) -> Belief: ...


class InstructionCoupled(_GaussianProcessSurrogate[InstructionCoupledOptions]):
    """``instruction-coupled``: the published search (arXiv 2306.03082)."""

    def _fit(self, observations: Observations) -> Belief:
        return fit_published(observations, observed_noise=self._options.noise == "told")


class InstructionCoupledCompleted(_GaussianProcessSurrogate[CompletedOptions]):
    """``instruction-coupled-completed``: K+, which stays uncertain where nothing was tried."""

    def _fit(self, observations: Observations) -> Belief:
        return fit_completed(observations, observed_noise=self._options.noise == "told")


class PlainProcess(_GaussianProcessSurrogate[OptionsT]):
    """A Gaussian process on the latents under any kernel.

    Other distributions subclass it to search with a kernel of their own: fitting, acquisition, batches and
    repeats are done. The options are :class:`~izcore_botorch.options.SearchOptions` or a subclass.
    """

    @abstractmethod
    def kernel(self, dimensions: int) -> Kernel:
        """Return a new kernel l on [0, 1]^``dimensions``, in double precision, with its priors.

        l(p, p) must be 1: the output scale is fitted around it, as are mean and noise. ``forward`` must
        return a tensor, as that of GPyTorch's basic kernels does.
        """

    def _fit(self, observations: Observations) -> Belief:
        kernel = self.kernel(observations.latents.shape[1])
        return fit_latents(observations, kernel, observed_noise=self._options.noise == "told")


class Matern(PlainProcess[MaternOptions]):
    """``matern``: a plain Gaussian process on the latents."""

    def kernel(self, dimensions: int) -> Kernel:
        """Return a Matern-5/2 kernel with one lengthscale."""
        return dimension_scaled_matern(dimensions)
