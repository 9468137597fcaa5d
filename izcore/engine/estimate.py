"""What a run is likely to take, what it may take at most, and whether its limits are enough for it."""

from collections.abc import Mapping
from typing import TypeVar

from izcore.config.model_roles import SCORER, ModelRole
from izcore.config.schema import Limits, RunConfig
from izcore.engine.prices import known_price, model_name, price_source
from izcore.engine.workload import LONGEST_TOKEN, Asked, Size, workload
from izcore.plugin.calls import Price, Prompt, Usage
from izcore.plugin.estimates import Estimate, EstimatedCalls, Figures, LimitCheck, LimitName, LimitVerdict
from izcore.plugin.examples import Splits
from izcore.plugin.protocols import Scorer
from izcore.registry.choices import BackendChoice
from izcore.scoring.evaluator import LOOKS
from izcore.scoring.usual_usage import MARGIN

AnyNumber = TypeVar("AnyNumber", int, float)

_EMPTY = Prompt(text="")


def estimate_run(
    splits: Splits,
    config: RunConfig,
    models: Mapping[ModelRole, tuple[BackendChoice, Scorer]],
    size: Size,
) -> Estimate:
    """Add up what the black box, the grading models and the writing models are likely to take, and the most.

    The most is exact but for instructions that are longer than ``size`` says, and for what else a plugin may
    put into prompts of its own.
    """
    expected, unfailing, failing, largest = Figures(), Figures(), Figures(), Figures()
    parts: list[EstimatedCalls] = []
    answer_bytes = models[SCORER][1].bound(_EMPTY).output_tokens * LONGEST_TOKEN
    for role, (choice, scorer) in models.items():
        price = known_price(config, choice, scorer)
        free = price is not None and not (price.input or price.output)
        for asked in workload(splits, config, role, size, answer_bytes):
            likely = _likely(asked, scorer, price)
            if not likely.calls:
                continue
            parts.append(
                EstimatedCalls(
                    role=role.name,
                    model=model_name(choice, scorer),
                    phase=asked.phase,
                    calls=likely.calls,
                    input_tokens=likely.tokens.input_tokens / likely.calls,
                    output_tokens=likely.tokens.output_tokens / likely.calls,
                    price=price,
                    price_source=price_source(config, choice, scorer),
                )
            )
            most = _most(asked, scorer, price)
            expected, unfailing = expected + likely, unfailing + most
            largest = max(largest, _largest(asked, scorer, price), key=lambda each: each.tokens.total)
            # Nobody bills what a model of one's own did not answer.
            looks = LOOKS if role == SCORER else 1
            failing += most if free else most * (config.retries.tries * looks)
    limits = config.budget
    return Estimate(
        trials=size.trials,
        calls=_least(unfailing.calls, limits.max_calls),
        tokens=_least(unfailing.tokens.total, limits.max_tokens),
        cost_usd=None if unfailing.cost_usd is None else _least(unfailing.cost_usd, limits.max_cost),
        expected=expected,
        with_retries=failing,
        parts=tuple(parts),
        limits=_check_limits(limits, expected, unfailing, largest),
    )


def _likely(asked: Asked, scorer: Scorer, price: Price | None) -> Figures:
    total, info = Figures(), scorer.info()
    for wanted, times, _ in asked.prompts:
        prompt = info.as_taken(wanted)
        usage, most = scorer.expected(prompt), scorer.bound(prompt)
        answer = min(usage.output_tokens + asked.answer_tokens, most.output_tokens)
        usage = Usage(input_tokens=usage.input_tokens, output_tokens=answer)
        total += _figures(usage, price) * times
    return total


def _most(asked: Asked, scorer: Scorer, price: Price | None) -> Figures:
    total, info = Figures(), scorer.info()
    for wanted, _, times in asked.prompts:
        usage = scorer.bound(info.as_taken(wanted))
        usage = Usage(input_tokens=usage.input_tokens + asked.room, output_tokens=usage.output_tokens)
        total += _figures(usage, price) * (times * asked.most)
    return total


def _largest(asked: Asked, scorer: Scorer, price: Price | None) -> Figures:
    """What is reserved for the largest of the calls."""
    info = scorer.info()
    bounds = [scorer.bound(info.as_taken(prompt)) for prompt, _, _ in asked.prompts]
    return _figures(max(bounds, key=lambda usage: usage.total), price)


def _figures(usage: Usage, price: Price | None) -> Figures:
    return Figures(calls=1, tokens=usage, cost_usd=price.cost(usage) if price else None)


def _check_limits(
    limits: Limits, expected: Figures, most: Figures, largest: Figures
) -> tuple[LimitCheck, ...]:
    """Check each limit. A run needs what it takes, and room for one call more than that to be reserved."""
    checks: list[LimitCheck] = []
    if limits.max_calls is not None:
        likely = expected.calls * MARGIN
        checks.append(_check("max_calls", limits.max_calls, expected.calls, most.calls, likely))
    if limits.max_tokens is not None:
        tokens, one = expected.tokens.total, largest.tokens.total
        likely = tokens * MARGIN + one
        checks.append(_check("max_tokens", limits.max_tokens, tokens, most.tokens.total, likely))
    if limits.max_cost is not None:
        cost = expected.cost_usd or 0.0
        likely = cost * MARGIN + (largest.cost_usd or 0.0)
        checks.append(_check("max_cost", limits.max_cost, cost, most.cost_usd or 0.0, likely))
    return tuple(checks)


def _check(name: LimitName, given: float, expected: float, most: float, likely: float) -> LimitCheck:
    verdict: LimitVerdict = "too small"
    likely = min(likely, most)
    if given >= most:
        verdict = "suffices"
    elif given >= likely:
        verdict = "likely to suffice"
    return LimitCheck(limit=name, given=given, expected=expected, most=most, verdict=verdict, likely=likely)


def _least(number: AnyNumber, limit: AnyNumber | None) -> AnyNumber:
    return number if limit is None else min(number, limit)
