"""What a run may take at most, said before it starts."""

from collections.abc import Mapping, Sequence

from izcore.config.model_roles import SCORER, ModelRole
from izcore.config.schema import RunConfig, ScoringConfig
from izcore.engine.call_limit import tested_instructions
from izcore.engine.prices import known_price
from izcore.plugin.calls import Prompt, Usage
from izcore.plugin.evaluation import Rung
from izcore.plugin.examples import Example, Splits
from izcore.plugin.protocols import Scorer
from izcore.plugin.results import Estimate
from izcore.plugin.trials import Guidance
from izcore.registry.choices import BackendChoice
from izcore.scoring.prompt_form import PromptForm
from izcore.search.exemplars import longest_exemplars
from izcore.search.rungs import most_that_see

TYPICAL_INSTRUCTION = "x" * 160
"""Stands for an instruction that is not written yet, when costs are estimated."""

TYPICAL_ANSWER = "x" * 400
"""Stands for an answer that is not given yet."""

BYTES_PER_TOKEN = 4
"""A rule of thumb for the estimate alone; the budget itself reserves true upper bounds."""

Counted = Sequence[tuple[Prompt, int]]
"""Prompts, and how often each is asked."""


def estimate_run(
    splits: Splits,
    config: RunConfig,
    models: Mapping[ModelRole, tuple[BackendChoice, Scorer]],
    trials: int,
    rungs: Sequence[Rung],
) -> Estimate:
    """Add up what the black box, the grading models and the writing models may take.

    ``trials`` is the number of trials that the search makes, ``rungs`` what its evaluation policy says. A
    limit on calls shortens all in proportion.
    """
    questions = _questions(splits, config, trials, rungs)
    calls, tokens, cost = 0, 0, 0.0
    price_known = True
    for role, (choice, scorer) in models.items():
        asked = _asked_in(role, questions, splits, config, trials)
        usage = _usage(scorer, asked)
        price = known_price(config, choice, scorer)
        calls, tokens = calls + sum(times for _, times in asked), tokens + usage.total
        price_known, cost = price_known and price is not None, cost + (price.cost(usage) if price else 0.0)
    limit = config.budget.max_calls
    share = 1.0 if limit is None else min(1.0, limit / calls)
    return Estimate(
        trials=trials,
        calls=int(calls * share),
        tokens=int(tokens * share),
        cost_usd=cost * share if price_known else None,
    )


def typical_guidance(config: RunConfig, demonstrations: Sequence[Example]) -> Guidance:
    """Stand in for an instruction that is not written yet, with the longest exemplars that it may get."""
    exemplars = longest_exemplars(config.few_shot, demonstrations)
    return Guidance(instruction=TYPICAL_INSTRUCTION, exemplars=exemplars)


def graded_prompt(config: ScoringConfig, prompt: Prompt) -> Prompt:
    """Stand in for the prompt with which a metric asks a model to grade the answer to ``prompt``."""
    metric = str(config.metric.options) if config.metric else ""
    return Prompt(text=prompt.folded().text + metric + TYPICAL_ANSWER)


def _questions(splits: Splits, config: RunConfig, trials: int, rungs: Sequence[Rung]) -> Counted:
    """What the black box is asked: by the search, to compare the finalists, and in the final test."""
    rounds = [most_that_see(rungs, size) for size in _round_sizes(config, trials)]
    finalists = min(trials, config.evaluation.finalists)
    asked_about = [
        *zip(splits.validation, map(sum, zip(*rounds, strict=True)), strict=True),
        *((example, finalists) for example in splits.retest),
        *((example, tested_instructions(config)) for example in splits.test),
    ]
    guidance, form = typical_guidance(config, splits.demonstrations), PromptForm.of(config)
    return [(form.prompt(guidance, example), times) for example, times in asked_about]


def _round_sizes(config: RunConfig, trials: int) -> list[int]:
    initial = min(trials, config.search.initial)
    full, rest = divmod(trials - initial, config.search.batch)
    return [initial, *[config.search.batch] * full, *([rest] if rest else [])]


def _asked_in(role: ModelRole, questions: Counted, splits: Splits, config: RunConfig, trials: int) -> Counted:
    """What a model is asked in its role: the questions, to grade their answers, or to write instructions."""
    if role == SCORER:
        return questions
    if role.grades:
        return [(graded_prompt(config, prompt), times) for prompt, times in questions]
    return [(Prompt(text="".join(example.input for example in splits.demonstrations)), trials)]


def _usage(scorer: Scorer, asked: Counted) -> Usage:
    info = scorer.info()
    taken = [(info.as_taken(prompt), times) for prompt, times in asked]
    return Usage(
        input_tokens=sum(_size(prompt) * times for prompt, times in taken) // BYTES_PER_TOKEN,
        output_tokens=sum(times * scorer.bound(prompt).output_tokens for prompt, times in taken),
    )


def _size(prompt: Prompt) -> int:
    return len(prompt.folded().text.encode())
