"""Starts, resumes and finishes runs: builds the parts, lets the loop search, and writes the result."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from izcore.config.schema import Limits, ScoringConfig
from izcore.engine.conclusion import GIVEN, NO_INSTRUCTION, NamedInstruction, conclude
from izcore.engine.environment import Environment
from izcore.engine.plan import (
    PlannedRun,
    fix_plan,
    graded_prompt,
    load_task,
    tested_instructions,
    typical_guidance,
)
from izcore.engine.session import Session, open_session
from izcore.engine.splits import fingerprint
from izcore.engine.trackers import tracking
from izcore.plugin.errors import BackendError, BudgetExhaustedError, InterruptedRunError, IzError, UsageError
from izcore.plugin.events import PhaseStarted, RunFinished, RunStarted, RunStopped
from izcore.plugin.interrupts import undisguised_interrupts
from izcore.plugin.protocols import Generator, Surrogate
from izcore.plugin.records import (
    Agreement,
    Amount,
    Example,
    FinishReason,
    Guidance,
    PrepareRequest,
    PrepareResult,
    Record,
    Usage,
)
from izcore.plugin.registrations import GeneratorRegistration
from izcore.plugin.results import RunResult, RunStatus, TestScore
from izcore.plugin.seeds import derive_seed
from izcore.registry.guards import resolved
from izcore.scoring.model_client import ModelClient
from izcore.scoring.statistics import mean_with_interval
from izcore.search.exemplars import draw_sets
from izcore.search.loop import Search
from izcore.search.objective import pareto_front
from izcore.search.proposer import Proposer, trials_in_all
from izcore.search.rounds import RoundEvaluator
from izcore.storage.records import RunRecord
from izcore.storage.store import Store, new_run_id


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


def start_run(environment: Environment, planned: PlannedRun) -> RunRecord:
    """Write a planned run to the database, ready to be continued."""
    now = environment.clock()
    run_id = new_run_id(planned.plan.task_name, now=now, token=environment.token())
    return environment.store.create_run(run_id, planned.config, planned.plan, created=now)


def check_resumable(environment: Environment, record: RunRecord) -> None:
    """Raise UsageError for a run that is finished, or whose task changed on disk since it began."""
    if record.status == "done":
        raise UsageError(f"Run {record.id} is finished.", hint=f"See it with: iz runs show {record.id}")
    data = load_task(environment.registry, record.config, environment.paths)
    if fingerprint(data) != record.plan.fingerprint:
        raise UsageError(
            f"The task {record.task!r} changed on disk since run {record.id} began; "
            "its old scores would not mean the same.",
            hint="Put the old data back, or start a new run.",
        )


def continue_run(environment: Environment, record: RunRecord) -> RunResult:
    """Search from where the run stands to its end, and write the result.

    Raises InterruptedRunError on Ctrl-C and the failure's own error otherwise; the run is kept in both
    cases and can be continued.
    """
    store, started = environment.store, environment.stopwatch()

    def elapsed() -> float:
        return environment.stopwatch() - started

    def stopped(status: RunStatus, reason: str) -> None:
        store.set_status(record.id, status, seconds=elapsed())
        environment.events.emit(RunStopped(run_id=record.id, status=status, reason=reason))

    with store.owning(record.id, environment.paths.locks), contextlib.ExitStack() as stack:
        try:
            with undisguised_interrupts():
                store.set_status(record.id, "running", seconds=0.0)
                stack.enter_context(tracking(environment, record))
                result = asyncio.run(_search_and_conclude(environment, record, elapsed))
                store.finish(record.id, result, seconds=elapsed())
        except (KeyboardInterrupt, asyncio.CancelledError):
            stopped("interrupted", "Ctrl-C")
            raise InterruptedRunError(
                f"Stopped. Everything up to here is kept in run {record.id}.",
                hint=f"Go on with: iz resume {record.id}",
            ) from None
        except Exception as error:
            reason = error.message if isinstance(error, IzError) else f"{type(error).__name__}: {error}"
            with contextlib.suppress(IzError):  # the error on its way says more than a second one would
                stopped("out_of_budget" if isinstance(error, BudgetExhaustedError) else "failed", reason)
            raise
        environment.events.emit(RunFinished(run_id=record.id, result=result))
    return result


def score_instruction(environment: Environment, config: ScoringConfig, instruction: str) -> ScoreResult:
    """Score one instruction on the test split that a run with the same seed and sizes would seal."""
    data = load_task(environment.registry, config, environment.paths)
    config, plan = fix_plan(environment.registry, config, data, environment.paths)

    async def work() -> ScoreResult:
        run_id = f"score-{environment.token()}"
        async with open_session(environment, config, run_id) as parts:
            total = len(plan.splits.test)
            environment.events.emit(PhaseStarted(run_id=run_id, phase="test", round=0, total=total))
            guidance = Guidance(instruction=instruction)
            scores = (await parts.evaluator.evaluate(guidance, plan.splits.test)).scores
        known = [score for score in scores if score is not None]
        if not known:
            raise BackendError(
                f"Every call failed, so nothing can be said.{_why(parts.black_box)}", hint="Try again later."
            )
        return ScoreResult(
            task=plan.task_name,
            instruction=instruction,
            test=mean_with_interval(known, seed=derive_seed(config.seed, "interval", "winner")),
            calls=parts.ledger.spent.calls,
            cached_calls=parts.ledger.cached_calls,
            tokens=parts.ledger.spent.usage,
            cost_usd=parts.ledger.cost_usd,
            finishes=environment.store.finishes(run_id),
        )

    try:
        with undisguised_interrupts():
            return asyncio.run(work())
    except KeyboardInterrupt:
        raise InterruptedRunError(
            "Stopped. Answers up to here are kept and will not be paid again."
        ) from None


async def _search_and_conclude(
    environment: Environment, record: RunRecord, elapsed: Callable[[], float]
) -> RunResult:
    asyncio.get_running_loop().set_exception_handler(_quiet_about_interrupts)
    registry, config, store, events = (
        environment.registry,
        record.config,
        environment.store,
        environment.events,
    )
    splits = record.plan.splits
    async with open_session(environment, config, record.id) as parts:
        generator: Generator = registry.build("generator", config.generator, parts.context("generator"))
        surrogate: Surrogate = registry.build("surrogate", config.surrogate, parts.context("surrogate"))
        done = len(store.trials(record.id))
        total = trials_in_all(generator, config, record.plan.carried)
        events.emit(
            RunStarted(
                run_id=record.id,
                task=record.task,
                trials=total,
                done=done,
                max_calls=config.budget.max_calls,
                max_tokens=config.budget.max_tokens,
                max_cost=config.budget.max_cost,
                config=msgspec.to_builtins(config),
            )
        )
        final_test = _hold_back_for_test(parts, record, fresh=done == 0)
        events.emit(PhaseStarted(run_id=record.id, phase="prepare", round=0))
        search = Search(
            run_id=record.id,
            config=config,
            splits=splits,
            carried=record.plan.carried,
            trials_in_all=total,
            proposer=Proposer(
                run_id=record.id,
                config=config,
                splits=splits,
                exemplar_sets=draw_sets(config.few_shot, splits.demonstrations, config.seed),
                generator=generator,
                surrogate=surrogate,
                prepared=await _prepare(generator, record, store),
                store=store,
                events=events,
            ),
            evaluator=parts.evaluator,
            rounds=RoundEvaluator(
                evaluator=parts.evaluator,
                policy=config.evaluation,
                objective=config.objective,
                examples=splits.validation,
                searched=total,
            ),
            store=store,
            events=events,
        )
        outcome = await search.run()
        parts.ledger.hold_back(final_test)
        outcome = await search.compare_finalists(outcome)
        history, winner = outcome.history, outcome.history.best
        if winner is None:
            if outcome.stopped:
                raise BudgetExhaustedError(
                    f"{outcome.stopped} No trial was completed, so there is no result.",
                    hint="Start again with a larger budget; answers that were paid for are kept.",
                )
            raise BackendError(
                f"Every trial has failed calls, so no winner can be chosen.{_why(parts.black_box)}",
                hint=f"When the scorer answers again: iz resume {record.id}",
            )
        parts.ledger.release_held_back()
        chosen = environment.registry.registration(GeneratorRegistration, record.config.generator.name)
        baselines = await _baselines(generator, record, chosen.unsteered)
        planned_calls = (1 + len(baselines) + bool(winner.candidate.exemplars)) * len(splits.test)
        events.emit(PhaseStarted(run_id=record.id, phase="test", round=0, total=planned_calls))
        conclusion = await conclude(winner, baselines, splits.test, parts.evaluator, seed=config.seed)
        store.add_test_scores(record.id, conclusion.scores)
        agreement = await _agreement(parts, winner.candidate.guidance, splits.test)
    spent, cached_calls = store.spent(record.id)
    return RunResult(
        run_id=record.id,
        task=record.task,
        status="done",
        seed=config.seed,
        best=conclusion.best,
        baselines=conclusion.baselines,
        trials=len(history),
        unique_instructions=history.unique_instructions,
        calls=spent.calls,
        cached_calls=cached_calls,
        tokens=spent.usage,
        cost_usd=parts.ledger.cost_usd,
        lost_calls=store.lost(record.id).calls,
        finishes=store.finishes(record.id),
        agreement=agreement,
        front=pareto_front(history.trials, len(splits.validation)),
        seconds=record.seconds + elapsed(),
        conclusion=f"{conclusion.sentence} {outcome.stopped}".strip(),
    )


def _quiet_about_interrupts(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Ctrl-C may hit any of the calls under way; that one of them saw it is nothing to report."""
    if not isinstance(context.get("exception"), KeyboardInterrupt):
        loop.default_exception_handler(context)


def _why(client: ModelClient) -> str:
    return f" The last failure: {client.last_failure.message}" if client.last_failure else ""


async def _prepare(generator: Generator, record: RunRecord, store: Store) -> PrepareResult:
    prepared = await resolved(generator.prepare(_prepare_request(record)))
    if record.generator_state is None:
        store.set_generator_state(record.id, prepared.state)
    return prepared


def _prepare_request(record: RunRecord) -> PrepareRequest:
    return PrepareRequest(
        demonstrations=record.plan.splits.demonstrations,
        seed=derive_seed(record.config.seed, "generator"),
        state=record.generator_state or {},
    )


async def _baselines(generator: Generator, record: RunRecord, unsteered_name: str) -> list[NamedInstruction]:
    found = [NamedInstruction(name=NO_INSTRUCTION, instruction="")]
    unsteered = await resolved(generator.write_unsteered(_prepare_request(record)))
    if unsteered is not None:
        found.append(NamedInstruction(name=unsteered_name, instruction=unsteered.instruction))
    given = record.config.baselines
    for number, instruction in enumerate(given, 1):
        name = GIVEN if len(given) == 1 else f"{GIVEN} {number}"
        found.append(NamedInstruction(name=name, instruction=instruction))
    return found


async def _agreement(parts: Session, guidance: Guidance, examples: Sequence[Example]) -> Agreement | None:
    """What is left of the budget, if anything, goes into grading some answers again."""
    with contextlib.suppress(BudgetExhaustedError):
        return await parts.evaluator.agreement(guidance, examples)
    return None


def _hold_back_for_test(parts: Session, record: RunRecord, *, fresh: bool) -> Amount:
    """Keep room for the final test and, before it, for comparing the finalists; return that of the test."""
    if record.config.budget == Limits():
        return Amount()
    one = _bound_of_answers(parts, record, record.plan.splits.test)
    final_test = sum([one] * tested_instructions(record.config), Amount())
    if fresh and not parts.ledger.fits(final_test):
        raise UsageError(
            f"The budget ({parts.ledger.describe()}) has no room for the final test, which may take "
            f"{final_test.calls} calls and {final_test.usage.total} tokens.",
            hint="Raise the limit, or lower splits.test.",
        )
    retest = _bound_of_answers(parts, record, record.plan.splits.retest)
    parts.ledger.hold_back(sum([retest] * record.config.evaluation.finalists, final_test))
    return final_test


def _bound_of_answers(parts: Session, record: RunRecord, examples: Sequence[Example]) -> Amount:
    """The most that one instruction on ``examples`` can cost, with what a metric adds to each answer."""
    guidance = typical_guidance(record.config, record.plan.splits.demonstrations)
    prompts = parts.evaluator.prompts(guidance, examples)
    total = parts.black_box.bound(prompts)
    for role, client in parts.clients.items():
        if role.grades:
            total += client.bound([graded_prompt(record.config, prompt) for prompt in prompts])
    return total
