"""The evaluation of GEPA: an instruction is tried on a few examples before it is scored on all."""

import math

from izcore.plugin import (
    BackendContext,
    EvaluationPolicy,
    Rung,
    RungsRequest,
    RungsResult,
    StayRequest,
    StayResult,
)
from izcore_writers.options import MinibatchOptions


class Minibatch(EvaluationPolicy):
    """Scores on all examples what is no worse than the best so far on a few (GEPA, algorithm 1).

    The few are the first validation examples, in every round the same.
    """

    def __init__(self, options: MinibatchOptions, context: BackendContext) -> None:
        self._size = options.size

    def rungs(self, request: RungsRequest) -> RungsResult:
        """Return a rung of ``size`` examples, if there are more, and one of all."""
        first = (Rung(examples=self._size),) if self._size < request.examples else ()
        return RungsResult(rungs=(*first, Rung(examples=request.examples)))

    def stay(self, request: StayRequest) -> StayResult:
        """Return what scored at least as much as the incumbent; all where there is none to compare with."""
        least = math.fsum(request.incumbent)
        staying = (place for place, own in enumerate(request.scores) if math.fsum(own) >= least)
        return StayResult(indices=tuple(staying if request.incumbent else range(len(request.scores))))
