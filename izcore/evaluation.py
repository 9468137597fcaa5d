"""From an instruction to per-example scores: instruction -> prompts -> completions -> metric."""

import math
import re
from collections.abc import Awaitable, Sequence
from typing import TypeVar

from izcore.calls import Caller
from izcore.errors import BackendError, ConfigError, IzError
from izcore.protocols import Metric
from izcore.records import Agreement, Example, FinishReason, MetricRequest, Prompt, Record, Usage

T = TypeVar("T")

DEFAULT_TEMPLATE = "Instruction: {instruction}\n\nInput: {input}\nOutput:"
"""Used for validation and test alike; the published code used two different ones."""

_PLACEHOLDER = re.compile(r"\{(instruction|input)\}")
_INSTRUCTION_LINE = re.compile(r"[^\n]*\{instruction\}[^\n]*(\n+|$)")


class Evaluation(Record):
    """Scores and answers of one instruction on some examples, in their order (None: the call failed).

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
    """Scores instructions with one scorer, one metric and one prompt template."""

    def __init__(self, caller: Caller, metric: Metric, template: str) -> None:
        self._caller = caller
        self._metric = metric
        self._template = template

    async def evaluate(self, instruction: str, examples: Sequence[Example]) -> Evaluation:
        """Score an instruction on examples; raises BudgetExhaustedError before any call that is too much.

        What a metric spends on asking a model counts in the run's budget, not among the instruction's calls.
        """
        answers = await self._caller.complete(self.prompts(instruction, examples))
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

    async def agreement(self, instruction: str, examples: Sequence[Example]) -> Agreement | None:
        """Say how far the metric agrees with itself on an instruction's answers, which are known already."""
        answers = await self._caller.complete(self.prompts(instruction, examples))
        pairs = [(c.text, e) for c, e in zip(answers.completions, examples, strict=True) if c is not None]
        request = MetricRequest(answers=tuple(a for a, _ in pairs), examples=tuple(e for _, e in pairs))
        return await resolved(self._metric.agreement(request)) if pairs else None

    def stop(self, reason: IzError) -> None:
        """Let evaluations under way finish the calls that are out, and send no more."""
        self._caller.stop(reason)

    def prompts(self, instruction: str, examples: Sequence[Example]) -> list[Prompt]:
        """Return the prompts that ask the black box to follow an instruction on each example."""
        return [Prompt(text=render_prompt(self._template, instruction, e.input)) for e in examples]


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


async def resolved(result: T | Awaitable[T]) -> T:
    """Wait for a backend's result where its method is ``async def``."""
    return await result if isinstance(result, Awaitable) else result


def render_prompt(template: str, instruction: str, input_: str) -> str:
    """Fill a template. With an empty instruction the lines that hold it disappear.

    An instruction line that also holds ``{input}`` stays, with the instruction left out.
    """
    if not instruction:
        template = _INSTRUCTION_LINE.sub(lambda m: m[0] if "{input}" in m[0] else "", template)
    values = {"instruction": instruction, "input": input_}
    return _PLACEHOLDER.sub(lambda match: values[match[1]], template)


def check_template(template: str) -> None:
    """Raise ConfigError if a template lacks a placeholder."""
    for name in ("instruction", "input"):
        if f"{{{name}}}" not in template:
            raise ConfigError(
                f"prompt_template: {{{name}}} is missing in {template!r}.",
                hint=f"The default is {DEFAULT_TEMPLATE!r}.",
            )
