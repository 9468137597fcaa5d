"""Surrogates that can only choose among instructions which were written beforehand."""

import logging
from abc import ABC, abstractmethod
from typing import ClassVar, Generic, TypeVar

from linear_operator.utils.errors import NanError, NotPSDError

from izcore.plugin import BackendContext, ConfigError, Latent, SuggestRequest, SuggestResult, Surrogate
from izcore_botorch.acquisition import get_acquisition_function
from izcore_botorch.distinct import first_of_pool
from izcore_botorch.fitting import dimension_scaled_matern, fit_plain
from izcore_botorch.history import Observations, observe
from izcore_botorch.options import PoolOptions, PoolProcessOptions
from izcore_botorch.representation import hidden_states, represent
from izcore_botorch.reproducible import reproducible
from izcore_botorch.search import choose_among

_log = logging.getLogger(__name__)

OptionsT = TypeVar("OptionsT", bound=PoolOptions)


class PoolSurrogate(Surrogate, ABC, Generic[OptionsT]):
    """What they share: all but the choice."""

    name: ClassVar[str]

    def __init__(self, options: OptionsT, context: BackendContext) -> None:
        self._options = options

    def suggest(self, request: SuggestRequest) -> SuggestResult:
        """Return the latents of ``request.count`` members of the pool.

        They are those to begin with until the initial design is complete and two trials have scores, and also
        where the numbers defy the model. Raises ConfigError without a pool, or where its candidates lack
        what the surrogate looks at.
        """
        if request.count == 0:
            return SuggestResult(latents=())
        if not request.pool:
            raise ConfigError(
                f"The surrogate {self.name} chooses among instructions that are written beforehand, "
                "and there are none.",
                hint="Add --set search.pool=300, or choose another surrogate.",
            )
        self._check(request)
        observations = observe(request, self._options.max_trials)
        if observations is None or len(request.history) < request.initial:
            return SuggestResult(latents=self._first(request))
        with reproducible(request.seed):
            try:
                chosen = self._choose(observations, request)
            except (NanError, NotPSDError) as error:
                _log.info("no model of %d trials (%s); the first instead", len(request.history), error)
                return SuggestResult(latents=self._first(request))
        return SuggestResult(latents=tuple(request.pool[index].latent for index in chosen))

    def _check(self, request: SuggestRequest) -> None:
        """Raise ConfigError before anything is paid for if the pool lacks what is looked at."""
        if self._options.on == "features":
            hidden_states(request.pool)

    def _first(self, request: SuggestRequest) -> tuple[Latent, ...]:
        """Return the latents to begin with: those of the pool's first members."""
        return first_of_pool(request)

    @abstractmethod
    def _choose(self, observations: Observations, request: SuggestRequest) -> list[int]:
        """Return the indices of ``request.count`` members of the pool, in the order of choice."""


class PoolProcess(PoolSurrogate[PoolProcessOptions]):
    """``pool-gp``: a Gaussian process on what candidates look like, instead of where they come from."""

    name = "pool-gp"

    def _choose(self, observations: Observations, request: SuggestRequest) -> list[int]:
        tried = len(observations.candidates)
        points = represent(
            [*observations.candidates, *request.pool], self._options.on, self._options.dimensions
        )
        kernel = dimension_scaled_matern(points.shape[1])
        belief = fit_plain(points[:tried], observations, kernel, observed_noise=self._options.noise == "told")
        acquisition = get_acquisition_function(self._options.acquisition, belief, None)
        greedy = self._options.batch == "greedy"
        return choose_among(points[tried:].numpy(), acquisition, request.count, greedy=greedy)
