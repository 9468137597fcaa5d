"""Scores one instruction on a task's test split, outside of any search."""

import asyncio
from collections.abc import Mapping
from functools import partial

from izcore.config.schema import ScoringConfig
from izcore.engine.environment import Environment
from izcore.engine.event_loop import run_in_event_loop
from izcore.engine.plan import fix_plan, load_task
from izcore.engine.session import open_session
from izcore.plugin.calls import FinishReason, Usage
from izcore.plugin.errors import InterruptedRunError
from izcore.plugin.events import PhaseStarted
from izcore.plugin.interrupts import undisguised_interrupts
from izcore.plugin.record import Record
from izcore.plugin.results import SetAside, TestScore
from izcore.plugin.seeds import derive_seed
from izcore.plugin.trials import Guidance
from izcore.registry.secret_options import refuse_secrets
from izcore.scoring.reasoning import count_finishes
from izcore.scoring.statistics import mean_with_interval
from izcore.storage.records import RunPlan


class ScoreResult(Record):
    """What ``iz score`` found about one instruction."""

    task: str
    instruction: str
    test: TestScore
    calls: int
    cached_calls: int
    tokens: Usage
    cost_usd: float | None
    finishes: Mapping[FinishReason, int] = {}
    set_aside: SetAside | None = None


def score_instruction(environment: Environment, config: ScoringConfig, instruction: str) -> ScoreResult:
    """Score one instruction on the test split that a run with the same seed and sizes would seal."""
    refuse_secrets(instruction, where="instruction")
    data = load_task(environment.registry, config, environment.paths)
    config, plan = fix_plan(environment.registry, config, data, environment.paths)
    try:
        with undisguised_interrupts():
            return run_in_event_loop(partial(_score, environment, config, plan, instruction))
    except (KeyboardInterrupt, asyncio.CancelledError, InterruptedRunError):
        raise InterruptedRunError(
            "Stopped. Answers up to here are kept and will not be paid again."
        ) from None


async def _score(
    environment: Environment, config: ScoringConfig, plan: RunPlan, instruction: str
) -> ScoreResult:
    run_id = f"score-{environment.token()}"
    async with open_session(environment, config, run_id) as session:
        total = len(plan.splits.test)
        environment.events.emit(PhaseStarted(run_id=run_id, phase="test", round=0, total=total))
        guidance = Guidance(instruction=instruction)
        scores = (await session.evaluator.evaluate(guidance, plan.splits.test)).scores
        session.evaluator.check_evidence("test", plan.splits.test)
        set_aside = session.evaluator.set_aside.among("test", plan.splits.test)
    known = [score for score in scores if score is not None]
    return ScoreResult(
        task=plan.task_name,
        instruction=instruction,
        test=mean_with_interval(known, seed=derive_seed(config.seed, "interval", "winner")),
        calls=session.ledger.spent.calls,
        cached_calls=session.ledger.cached_calls,
        tokens=session.ledger.spent.usage,
        cost_usd=session.ledger.cost_usd,
        finishes=count_finishes(environment.store.completions_of(run_id), config.reasoning),
        set_aside=set_aside if set_aside.count else None,
    )
