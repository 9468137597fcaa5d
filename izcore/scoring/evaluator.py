"""From an instruction to per-example scores: instruction -> prompts -> completions -> metric."""

import math
from collections.abc import Sequence

from izcore.plugin.errors import BackendError, IzError
from izcore.plugin.protocols import Metric
from izcore.plugin.records import (
    Agreement,
    Example,
    FinishReason,
    Guidance,
    MetricRequest,
    Prompt,
    Record,
    Usage,
)
from izcore.registry.guards import resolved
from izcore.scoring.dispatcher import Caller
from izcore.scoring.prompt import render_prompt


class Evaluation(Record):
    """Scores and answers of one guidance on some examples, in their order (None: the call failed).

    ``answer_cost_usd`` is what an answer costs on average, whoever paid for it; 0 without a known price.
    """

    scores: tuple[float | None, ...]
    answers: tuple[str | None, ...]
    finishes: tuple[FinishReason | None, ...]
    calls: int
    cached_calls: int
    usage: Usage
    cost_usd: float
    answer_cost_usd: float = 0.0


class Evaluator:
    """Scores guidance with one scorer, one metric and one prompt template."""

    def __init__(self, caller: Caller, metric: Metric, template: str) -> None:
        self._caller = caller
        self._metric = metric
        self._template = template

    async def evaluate(self, guidance: Guidance, examples: Sequence[Example]) -> Evaluation:
        """Score guidance on examples; raises BudgetExhaustedError before any call that is too much.

        What a metric spends on asking a model counts in the run's budget, not among these calls.
        """
        answers = await self._caller.complete(self.prompts(guidance, examples))
        pairs = zip(answers.completions, examples, strict=True)
        answered = [(completion.text, example) for completion, example in pairs if completion is not None]
        texts, answered_examples = [text for text, _ in answered], [example for _, example in answered]
        scores = iter(await score_answers(self._metric, texts, answered_examples))
        costs = [self._caller.cost_of(c) for c in answers.completions if c is not None]
        return Evaluation(
            scores=tuple(None if completion is None else next(scores) for completion in answers.completions),
            answers=tuple(None if c is None else c.text for c in answers.completions),
            finishes=tuple(None if c is None else c.finish for c in answers.completions),
            calls=answers.calls,
            cached_calls=answers.cached_calls,
            usage=answers.usage,
            cost_usd=answers.cost_usd,
            answer_cost_usd=math.fsum(costs) / len(costs) if costs else 0.0,
        )

    async def agreement(self, guidance: Guidance, examples: Sequence[Example]) -> Agreement | None:
        """Say how far the metric agrees with itself on the answers to guidance, which are known already."""
        answers = await self._caller.complete(self.prompts(guidance, examples))
        pairs = [(c.text, e) for c, e in zip(answers.completions, examples, strict=True) if c is not None]
        request = MetricRequest(answers=tuple(a for a, _ in pairs), examples=tuple(e for _, e in pairs))
        return await resolved(self._metric.agreement(request)) if pairs else None

    def stop(self, reason: IzError) -> None:
        """Let evaluations under way finish the calls that are out, and send no more."""
        self._caller.stop(reason)

    def prompts(self, guidance: Guidance, examples: Sequence[Example]) -> list[Prompt]:
        """Return the prompts that ask the black box to follow guidance on each example."""
        return [Prompt(text=render_prompt(self._template, guidance, e.input)) for e in examples]


async def score_answers(
    metric: Metric, answers: Sequence[str], examples: Sequence[Example]
) -> tuple[float | None, ...]:
    """Return the metric's scores, one per answer; BackendError if they are not numbers in [0, 1] or None."""
    if not answers:
        return ()
    request = MetricRequest(answers=tuple(answers), examples=tuple(examples))
    scores = (await resolved(metric.score(request))).scores
    known = [score for score in scores if score is not None]
    if len(scores) != len(answers) or not all(math.isfinite(s) and 0.0 <= s <= 1.0 for s in known):
        raise BackendError(
            f"The metric gave {len(scores)} scores for {len(answers)} answers, or scores outside [0, 1].",
            hint="This is a fault of the metric.",
        )
    return scores
