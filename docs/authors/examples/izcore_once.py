"""An evaluation policy: one comparison, after a share of the examples, and the worse half leaves."""

from math import ceil, fsum
from typing import Annotated

from izcore.plugin import (
    BackendContext,
    EvaluationPolicy,
    EvaluationPolicyRegistration,
    Meta,
    Options,
    Rung,
    RungsRequest,
    RungsResult,
    StayRequest,
    StayResult,
    hookimpl,
)

IZCORE_API = 1
REDUCTION = 2.0


class OnceOptions(Options):
    """What a user can set."""

    share: Annotated[float, Meta(gt=0, lt=1, description="Share of the examples that all see")] = 0.25


class Once(EvaluationPolicy):
    """Lets the better half of a round see the other examples."""

    def __init__(self, options: OnceOptions, context: BackendContext) -> None:
        self._share = options.share

    def rungs(self, request: RungsRequest) -> RungsResult:
        """Return one comparison, unless there is but one example."""
        first = ceil(self._share * request.examples)
        compared = [Rung(examples=first, reduction=REDUCTION)] if first < request.examples else []
        return RungsResult(rungs=(*compared, Rung(examples=request.examples)))

    def stay(self, request: StayRequest) -> StayResult:
        """Return the better half, of equals those that came first."""
        best = sorted(range(len(request.scores)), key=lambda place: -fsum(request.scores[place]))
        return StayResult(indices=tuple(best[: ceil(request.compared / REDUCTION)]))


@hookimpl
def izcore_evaluation_policies() -> list[EvaluationPolicyRegistration]:
    """Register the policy."""
    return [
        EvaluationPolicyRegistration(
            name="once",
            summary="The worse half leaves, once",
            factory="izcore_once:Once",
            options=OnceOptions,
            argument="share",
        )
    ]
