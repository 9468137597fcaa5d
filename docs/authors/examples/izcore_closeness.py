"""A metric: how alike answer and target are, so that a near miss counts for something."""

from difflib import SequenceMatcher
from typing import Annotated

from izcore.plugin import (
    BackendContext,
    Example,
    Meta,
    Metric,
    MetricRegistration,
    MetricRequest,
    MetricResult,
    Options,
    hookimpl,
)

IZCORE_API = 1


class ClosenessOptions(Options):
    """What a user can set."""

    least: Annotated[float, Meta(ge=0, le=1, description="What is less alike than this scores 0")] = 0.5


class Closeness(Metric):
    """The share of letters that answer and target have in common; of several targets the nearest counts."""

    def __init__(self, options: ClosenessOptions, context: BackendContext) -> None:
        self._least = options.least

    def score(self, request: MetricRequest) -> MetricResult:
        """Score every answer, in order."""
        pairs = zip(request.answers, request.examples, strict=True)
        return MetricResult(scores=tuple(self._score(answer, example) for answer, example in pairs))

    def _score(self, answer: str, example: Example) -> float:
        ratios = (
            SequenceMatcher(
                None, answer.strip().casefold(), target.strip().casefold(), autojunk=False
            ).ratio()
            for target in example.targets
        )
        best = max(ratios, default=0.0)
        return best if best >= self._least else 0.0


@hookimpl
def izcore_metrics() -> list[MetricRegistration]:
    """Register the metric."""
    return [
        MetricRegistration(
            name="closeness",
            summary="Letters that answer and target have in common",
            factory="izcore_closeness:Closeness",
            options=ClosenessOptions,
            argument="least",
        )
    ]
