"""Scores an instruction: puts it into prompts, has them answered, and lets the metric grade the answers."""

import asyncio
import copy
import math
from collections.abc import Iterable, Sequence

from izcore.plugin.calls import Completion, FinishReason, Prompt, Usage
from izcore.plugin.errors import IzError
from izcore.plugin.examples import Agreement, Example, MetricRequest
from izcore.plugin.protocols import Metric
from izcore.plugin.record import Record
from izcore.plugin.results import ScoredSplit
from izcore.plugin.run_record import InstructionScores
from izcore.plugin.trials import Guidance
from izcore.plugin.whole_prompts import WholePrompt
from izcore.registry.guards import resolved
from izcore.scoring.model_client import Answers, ModelClient
from izcore.scoring.prompt import INPUT
from izcore.scoring.prompt_form import PromptForm
from izcore.scoring.reasoning import read_marked_answer
from izcore.scoring.set_aside import SetAsideExamples
from izcore.scoring.whole_prompt import whole_prompt

LOOKS = 2
"""So often the black box is asked, with all tries, before a call has failed for good."""


class Evaluation(Record):
    """How one instruction did on some examples. What there is per example stands in their order.

    ``scores``: from 0 to 1; None for examples that are set aside.
    ``answers``: what the black box said; None where it was not asked, or the call failed for good.
    ``finishes``: how each answer ended; None where there is none.
    ``reasonings``: what was thought before each answer; empty where it is not told or there is no answer.
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

    def of(
        self, guidance: Guidance, *, name: str = "", scores: Sequence[float | None] | None = None
    ) -> InstructionScores:
        """Return the evaluation as what a run keeps of a guidance that it tested, called ``name``.

        ``scores`` take the place of its own where examples are set aside because of other guidances.
        """
        return InstructionScores(
            name=name,
            guidance=guidance,
            scores=self.scores if scores is None else tuple(scores),
            answers=self.answers,
            finishes=self.finishes,
            reasonings=self.reasonings if any(self.reasonings) else (),
        )


class Evaluator:
    """Scores guidance, which is an instruction with or without exemplars, with one black box and one metric.

    ``client`` answers for the black box. ``form`` is the form of its prompts. ``set_aside`` holds the
    examples that count for no guidance. ``attempt`` is what the metric is told of how often it was asked.
    """

    def __init__(self, client: ModelClient, metric: Metric, form: PromptForm, attempt: int = 0) -> None:
        self.set_aside = SetAsideExamples()
        self._client = client
        self._metric = metric
        self._form = form
        self._attempt = attempt
        self._scored: set[Example] = set()
        self._first_to_ask = asyncio.Lock()

    def in_form(self, form: PromptForm | None) -> "Evaluator":
        """Return an evaluator that shares all with this one but the form of its prompts; None keeps that."""
        if form is None:
            return self
        other = copy.copy(self)
        other._form = form
        return other

    async def evaluate(self, guidance: Guidance, examples: Sequence[Example]) -> Evaluation:
        """Score guidance on examples.

        An example on which there is no score for good is set aside, and no other guidance is asked about it:
        it has no score there either. While nobody has a score on one of the examples, one guidance is asked
        after the other, so that an example that never answers is met once.

        Calls that a metric makes to grade the answers count in the run's budget, and not in the result.
        Raises BudgetExhaustedError when the budget has no room for the calls, and other errors when the
        black box cannot be asked any more.
        """
        async with self._first_to_ask:
            if not all(each in self._scored or each in self.set_aside for each in examples):
                return await self._evaluate(guidance, examples)
        return await self._evaluate(guidance, examples)

    async def _evaluate(self, guidance: Guidance, examples: Sequence[Example]) -> Evaluation:
        asked = [example for example in examples if example not in self.set_aside]
        answers = await self._ask(guidance, asked)
        read = [c and read_marked_answer(c, guidance.answer_mark) for c in answers.completions]
        texts, answered = _answered(read, asked)
        scores = await score_answers(self._metric, texts, answered, self._attempt)
        graded = dict(zip(answered, scores, strict=True))
        found = dict(zip(asked, read, strict=True))
        completions = [found.get(example) for example in examples]
        self._scored.update(example for example, score in graded.items() if score is not None)
        self.set_aside.add((each for each in asked if found[each] is None), "failed")
        self.set_aside.add((each for each in answered if graded[each] is None), "ungraded")
        costs = [self._client.cost_of(c) for c in answers.completions if c is not None]
        return Evaluation(
            scores=tuple(graded.get(example) for example in examples),
            answers=tuple(None if c is None else c.text for c in completions),
            finishes=tuple(None if c is None else c.finish for c in completions),
            reasonings=tuple("" if c is None else c.reasoning for c in completions),
            calls=answers.calls,
            cached_calls=answers.cached_calls,
            usage=answers.usage,
            cost_usd=answers.cost_usd,
            answer_cost_usd=math.fsum(costs) / len(costs) if costs else 0.0,
        )

    async def _ask(self, guidance: Guidance, examples: Sequence[Example]) -> Answers:
        """Ask the black box, and again for what failed: what was in the way may have passed since."""
        prompts = self.prompts(guidance, examples)
        answers = await self._client.complete(prompts)
        for _ in range(1, LOOKS):
            failed = [prompt for prompt, c in zip(prompts, answers.completions, strict=True) if c is None]
            if failed:
                answers = answers.filled_in(await self._client.complete(failed))
        return answers

    def check_evidence(self, split: ScoredSplit, examples: Sequence[Example]) -> None:
        """Raise BackendError where more than a tenth of a split's examples are set aside."""
        self.set_aside.check(split, examples, self._client.last_failure)

    async def agreement(self, guidance: Guidance, examples: Sequence[Example]) -> Agreement | None:
        """Let the metric grade the answers to guidance again, and say how far it agrees with itself.

        None where the metric cannot differ from itself, or nothing was answered. Guidance is one that was
        evaluated on these examples before: only the metric may make calls.
        """
        asked = [example for example in examples if example not in self.set_aside]
        completions = (await self._client.complete(self.prompts(guidance, asked))).completions
        read = [c and read_marked_answer(c, guidance.answer_mark) for c in completions]
        texts, answered = _answered(read, asked)
        request = MetricRequest(answers=texts, examples=answered)
        return await resolved(self._metric.agreement(request)) if texts else None

    def stop(self, reason: IzError) -> None:
        """Send no further call for any evaluation, and raise ``reason`` instead; calls under way are kept."""
        self._client.stop(reason)

    def prompts(self, guidance: Guidance, examples: Sequence[Example]) -> list[Prompt]:
        """Return the prompts that ask the black box to follow guidance on each example."""
        return [self._form.prompt(guidance, example) for example in examples]

    def blank_prompt(self, guidance: Guidance, fields: Iterable[str]) -> Prompt:
        """Return the prompt as it is sent, with names such as ``{input}`` in place of an example's fields."""
        blank = Example(
            input=f"{{{INPUT}}}", targets=(), fields={name: f"{{{name}}}" for name in fields if name != INPUT}
        )
        return self._client.as_taken(self._form.prompt(guidance, blank))

    def whole_prompt(self, guidance: Guidance, examples: Sequence[Example]) -> WholePrompt | None:
        """Return the prompt about examples such as these, to be taken away; see :func:`whole_prompt`."""
        return whole_prompt(self._form, guidance, examples, self._client.as_taken, system=self._client.system)


async def score_answers(
    metric: Metric, answers: Sequence[str], examples: Sequence[Example], attempt: int = 0
) -> tuple[float | None, ...]:
    """Return the metric's scores, one per answer, each from 0 to 1 or None where it could not grade one.

    Without answers the metric is not asked.
    """
    if not answers:
        return ()
    request = MetricRequest(answers=tuple(answers), examples=tuple(examples), attempt=attempt)
    return (await resolved(metric.score(request))).scores


def _answered(
    completions: Sequence[Completion | None], examples: Sequence[Example]
) -> tuple[tuple[str, ...], tuple[Example, ...]]:
    """Return the texts that were answered, and their examples; failed calls are left out."""
    pairs = [(c.text, e) for c, e in zip(completions, examples, strict=True) if c is not None]
    return tuple(text for text, _ in pairs), tuple(example for _, example in pairs)
