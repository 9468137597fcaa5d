"""An LLM judge: a metric that asks a model whether an answer is polite."""

from typing import Annotated

from izcore.plugin import (
    Agreement,
    Ask,
    AskRequest,
    BackendContext,
    Meta,
    Metric,
    MetricRegistration,
    MetricRequest,
    MetricResult,
    Options,
    Prompt,
    hookimpl,
)

IZCORE_API = 1

QUESTION = "Is this answer polite?\n\n{answer}\n\nReply with yes or no, nothing else."


class PoliteOptions(Options):
    """Which model is asked."""

    judge: Annotated[
        str,
        Meta(description="The model that grades, such as openai:gpt-4o-mini; empty: the black box itself"),
    ] = ""


class Polite(Metric):
    """1 where the model says yes, 0 where it says no, None where it says neither or nothing."""

    def __init__(self, options: PoliteOptions, context: BackendContext) -> None:
        self._ask: Ask | None = context.ask

    async def score(self, request: MetricRequest) -> MetricResult:
        """Grade every answer, in order. Budget, cache, rate and retries are the core's."""
        return MetricResult(scores=await self._grades(request.answers, sample=0))

    async def agreement(self, request: MetricRequest) -> Agreement | None:
        """Grade the answers a second time, and say how often the two grades are the same."""
        first = await self._grades(request.answers, sample=0)
        second = await self._grades(request.answers, sample=1)
        pairs = [(a, b) for a, b in zip(first, second, strict=True) if a is not None and b is not None]
        if not pairs:
            return None
        share = sum(a == b for a, b in pairs) / len(pairs)
        return Agreement(share=share, difference=1 - share, n=len(pairs))

    async def _grades(self, answers: tuple[str, ...], *, sample: int) -> tuple[float | None, ...]:
        assert self._ask is not None, "it is None only while a run is planned, and nothing is graded then"
        prompts = tuple(Prompt(text=QUESTION.format(answer=answer), sample=sample) for answer in answers)
        result = await self._ask(AskRequest(option="judge", prompts=prompts))
        return tuple(grade(reply.text) if reply else None for reply in result.completions)


def grade(reply: str) -> float | None:
    """Return what a reply says: a grade that nobody gave must not count as a bad one."""
    word = reply.strip().strip(".!\"'").lower()
    return {"yes": 1.0, "no": 0.0}.get(word)


@hookimpl
def izcore_metrics() -> list[MetricRegistration]:
    """Register the metric; ``models`` says which of its options name a model."""
    return [
        MetricRegistration(
            name="polite",
            summary="A model finds the answer polite",
            factory="izcore_polite:Polite",
            options=PoliteOptions,
            argument="judge",
            models=("judge",),
        )
    ]
