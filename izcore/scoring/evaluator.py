"""Scores an instruction: puts it into prompts, has them answered, and lets the metric grade the answers."""

import math
from collections.abc import Sequence

from izcore.plugin.calls import Completion, FinishReason, Prompt, Usage
from izcore.plugin.errors import IzError
from izcore.plugin.examples import Agreement, Example, MetricRequest
from izcore.plugin.protocols import Metric
from izcore.plugin.record import Record
from izcore.plugin.trials import Guidance
from izcore.registry.guards import resolved
from izcore.scoring.model_client import ModelClient
from izcore.scoring.prompt_form import PromptForm


class Evaluation(Record):
    """How one instruction did on some examples. What there is per example stands in their order.

    ``scores``: from 0 to 1; None where the call failed for good or the metric could not grade the answer.
    ``answers``: what the black box said; None where the call failed for good.
    ``finishes``: how each answer ended; None where the call failed for good.
    ``reasonings``: what was thought before each answer; empty where it is not told or the call failed.
    ``calls``: how many of the answers this run paid for.
    ``cached_calls``: how many of the answers other runs paid for.
    ``usage``: tokens of the answers that this run paid for.
    ``cost_usd``: what these cost, in US dollars; 0 where the price is not known.
    ``answer_cost_usd``: what an answer costs on average, whoever paid for it; 0 without a known price.
    """

    scores: tuple[float | None, ...]
    answers: tuple[str | None, ...]
    finishes: tuple[FinishReason | None, ...]
    reasonings: tuple[str, ...]
    calls: int
    cached_calls: int
    usage: Usage
    cost_usd: float
    answer_cost_usd: float = 0.0


class Evaluator:
    """Scores guidance, which is an instruction with or without exemplars, with one black box and one metric.

    ``client`` answers for the black box. ``form`` is the form of its prompts.
    """

    def __init__(self, client: ModelClient, metric: Metric, form: PromptForm) -> None:
        self._client = client
        self._metric = metric
        self._form = form

    async def evaluate(self, guidance: Guidance, examples: Sequence[Example]) -> Evaluation:
        """Score guidance on examples.

        Calls that a metric makes to grade the answers count in the run's budget, and not in the result.
        Raises BudgetExhaustedError when the budget has no room for the calls, and other errors when the
        black box cannot be asked any more.
        """
        answers = await self._client.complete(self.prompts(guidance, examples))
        texts, answered = _answered(answers.completions, examples)
        scores = iter(await score_answers(self._metric, texts, answered))
        costs = [self._client.cost_of(c) for c in answers.completions if c is not None]
        return Evaluation(
            scores=tuple(None if completion is None else next(scores) for completion in answers.completions),
            answers=tuple(None if c is None else c.text for c in answers.completions),
            finishes=tuple(None if c is None else c.finish for c in answers.completions),
            reasonings=tuple("" if c is None else c.reasoning for c in answers.completions),
            calls=answers.calls,
            cached_calls=answers.cached_calls,
            usage=answers.usage,
            cost_usd=answers.cost_usd,
            answer_cost_usd=math.fsum(costs) / len(costs) if costs else 0.0,
        )

    async def agreement(self, guidance: Guidance, examples: Sequence[Example]) -> Agreement | None:
        """Let the metric grade the answers to guidance again, and say how far it agrees with itself.

        None where the metric cannot differ from itself, or nothing was answered. Guidance is one that was
        evaluated on these examples before: only the metric may make calls.
        """
        completions = (await self._client.complete(self.prompts(guidance, examples))).completions
        texts, answered = _answered(completions, examples)
        request = MetricRequest(answers=texts, examples=answered)
        return await resolved(self._metric.agreement(request)) if texts else None

    def stop(self, reason: IzError) -> None:
        """Send no further call for any evaluation, and raise ``reason`` instead; calls under way are kept."""
        self._client.stop(reason)

    def prompts(self, guidance: Guidance, examples: Sequence[Example]) -> list[Prompt]:
        """Return the prompts that ask the black box to follow guidance on each example."""
        return [self._form.prompt(guidance, example) for example in examples]


async def score_answers(
    metric: Metric, answers: Sequence[str], examples: Sequence[Example]
) -> tuple[float | None, ...]:
    """Return the metric's scores, one per answer, each from 0 to 1 or None where it could not grade one.

    Without answers the metric is not asked.
    """
    if not answers:
        return ()
    request = MetricRequest(answers=tuple(answers), examples=tuple(examples))
    return (await resolved(metric.score(request))).scores


def _answered(
    completions: Sequence[Completion | None], examples: Sequence[Example]
) -> tuple[tuple[str, ...], tuple[Example, ...]]:
    """Return the texts that were answered, and their examples; failed calls are left out."""
    pairs = [(c.text, e) for c, e in zip(completions, examples, strict=True) if c is not None]
    return tuple(text for text, _ in pairs), tuple(example for _, example in pairs)
