"""Asks a scorer one tiny question, to see whether key, model and address are right."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from izcore.config.paths import Paths
from izcore.plugin.calls import Completion, CompletionRequest, Prompt, Usage
from izcore.plugin.protocols import Scorer
from izcore.plugin.record import Record
from izcore.plugin.registrations import ScorerRegistration
from izcore.registry.registry import Registry
from izcore.scoring.reasoning import USUAL_MARKS, read_answer

QUESTION = "Reply with the word ok."


class ScorerCheck(Record):
    """How a scorer answered one tiny question. ``cost_usd`` is None where the price is not known."""

    scorer: str
    model: str
    answer: str
    finish: str
    seconds: float
    tokens: Usage
    cost_usd: float | None


def check_scorer(registry: Registry, spec: str, options: Mapping[str, Any], paths: Paths) -> ScorerCheck:
    """Send one request, once, outside any run, budget and cache; raises IzError if it fails.

    Where ``spec`` names no model, the backend's ``probe`` options fill it in.
    """
    name, colon, _ = spec.partition(":")
    probe = {} if colon else registry.registration(ScorerRegistration, name).probe
    filled = {**probe, **options}
    scorer: Scorer = registry.build("scorer", registry.choose("scorer", spec, filled), paths.context(seed=0))
    started = time.perf_counter()
    completion = asyncio.run(_ask(scorer))
    seconds = time.perf_counter() - started
    info = scorer.info()
    return ScorerCheck(
        scorer=name,
        model=str(info.identity.get("model", name)),
        answer=completion.text,
        finish=completion.finish,
        seconds=seconds,
        tokens=completion.usage,
        cost_usd=info.price.cost(completion.usage) if info.price else None,
    )


async def _ask(scorer: Scorer) -> Completion:
    try:
        result = await scorer.complete(CompletionRequest(prompts=(Prompt(text=QUESTION),)))
    finally:
        await scorer.aclose()
    return read_answer(result.completions[0], USUAL_MARKS)
