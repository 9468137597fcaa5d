"""Starts, resumes and finishes runs: builds the parts, lets the loop search, and writes the result."""

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from izcore.budget import Amount, Budget
from izcore.calls import Caller
from izcore.config import RunConfig, ScoringConfig
from izcore.errors import BackendError, BudgetExhaustedError, InterruptedRunError, IzError, UsageError
from izcore.evaluation import Evaluator
from izcore.events import Events
from izcore.folders import Folders
from izcore.loop import Search
from izcore.planning import (
    TYPICAL_INSTRUCTION,
    PlannedRun,
    fix_plan,
    known_price,
    load_task,
    tested_instructions,
)
from izcore.protocols import Generator, Metric, Scorer, Surrogate
from izcore.records import (
    CallsAnswered,
    PhaseStarted,
    PrepareRequest,
    PrepareResult,
    Record,
    RunFinished,
    RunResult,
    RunStarted,
    RunStatus,
    TestScore,
    Usage,
)
from izcore.registry import Registry
from izcore.report import GIVEN, NO_INSTRUCTION, UNSTEERED, NamedInstruction, conclude
from izcore.seeds import derive_seed
from izcore.splits import fingerprint
from izcore.stats import mean_with_interval
from izcore.store import RunRecord, Store, new_run_id


@dataclass(frozen=True)
class Workplace:
    """What runs need from outside: plugins, folders, database, observers and clocks.

    ``clock`` gives seconds since 1970, ``stopwatch`` seconds that only go forward, ``token`` a few random
    letters for run ids; tests may own all three.
    """

    registry: Registry
    folders: Folders
    store: Store
    events: Events
    clock: Callable[[], float] = time.time
    stopwatch: Callable[[], float] = time.monotonic
    token: Callable[[], str] = field(default=lambda: secrets.token_hex(2))


class ScoreResult(Record):
    """What ``iz score`` found about one instruction."""

    task: str
    instruction: str
    test: TestScore
    calls: int
    cached_calls: int
    tokens: Usage
    cost_usd: float | None


def start_run(workplace: Workplace, planned: PlannedRun) -> RunRecord:
    """Write a planned run to the database, ready to be continued."""
    now = workplace.clock()
    run_id = new_run_id(planned.plan.task_name, now=now, token=workplace.token())
    return workplace.store.create_run(run_id, planned.config, planned.plan, created=now)


def check_resumable(workplace: Workplace, record: RunRecord) -> None:
    """Raise UsageError for a run that is finished, or whose task changed on disk since it began."""
    if record.status == "done":
        raise UsageError(f"Run {record.id} is finished.", hint=f"See it with: iz runs show {record.id}")
    data = load_task(workplace.registry, record.config, workplace.folders)
    if fingerprint(data) != record.plan.fingerprint:
        raise UsageError(
            f"The task {record.task!r} changed on disk since run {record.id} began; "
            "its old scores would not mean the same.",
            hint="Put the old data back, or start a new run.",
        )


def continue_run(workplace: Workplace, record: RunRecord) -> RunResult:
    """Search from where the run stands to its end, and write the result.

    Raises InterruptedRunError on Ctrl-C and the failure's own error otherwise; the run is kept in both
    cases and can be continued.
    """
    store, started = workplace.store, workplace.stopwatch()

    def elapsed() -> float:
        return workplace.stopwatch() - started

    with store.owning(record.id, workplace.folders.locks):
        store.set_status(record.id, "running", seconds=0.0)
        try:
            result = asyncio.run(_search_and_conclude(workplace, record, elapsed))
        except (KeyboardInterrupt, asyncio.CancelledError):
            store.set_status(record.id, "interrupted", seconds=elapsed())
            raise InterruptedRunError(
                f"Stopped. Everything up to here is kept in run {record.id}.",
                hint=f"Go on with: iz resume {record.id}",
            ) from None
        except IzError as error:
            status: RunStatus = "out_of_budget" if isinstance(error, BudgetExhaustedError) else "failed"
            with contextlib.suppress(IzError):  # the error on its way says more than a second one would
                store.set_status(record.id, status, seconds=elapsed())
            raise
        store.finish(record.id, result, seconds=elapsed())
    workplace.events.emit(RunFinished(run_id=record.id, result=result))
    return result


def score_instruction(workplace: Workplace, config: ScoringConfig, instruction: str) -> ScoreResult:
    """Score one instruction on the test split that a run with the same seed and sizes would seal."""
    data = load_task(workplace.registry, config, workplace.folders)
    config, plan = fix_plan(workplace.registry, config, data, workplace.folders)

    async def work() -> ScoreResult:
        async with _asking(workplace, config, f"score-{workplace.token()}") as asking:
            total = len(plan.splits.test)
            workplace.events.emit(PhaseStarted(run_id="", phase="test", round=0, total=total))
            scores = (await asking.evaluator.evaluate(instruction, plan.splits.test)).scores
        known = [score for score in scores if score is not None]
        if not known:
            raise BackendError(
                f"Every call failed, so nothing can be said.{_why(asking.caller)}", hint="Try again later."
            )
        return ScoreResult(
            task=plan.task_name,
            instruction=instruction,
            test=mean_with_interval(known, seed=derive_seed(config.seed, "interval", "winner")),
            calls=asking.budget.spent.calls,
            cached_calls=asking.caller.cached_calls,
            tokens=asking.budget.spent.usage,
            cost_usd=asking.budget.cost(asking.budget.spent.usage),
        )

    try:
        return asyncio.run(work())
    except KeyboardInterrupt:
        raise InterruptedRunError(
            "Stopped. Answers up to here are kept and will not be paid again."
        ) from None


@dataclass(frozen=True)
class _Asking:
    """Everything between an instruction and its scores, for one run."""

    scorer: Scorer
    budget: Budget
    caller: Caller
    evaluator: Evaluator


@contextlib.asynccontextmanager
async def _asking(workplace: Workplace, config: ScoringConfig, run_id: str) -> AsyncIterator[_Asking]:
    context = workplace.folders.context(config.seed)
    scorer: Scorer = workplace.registry.build("scorer", config.scorer, context)
    assert config.metric is not None, "fix_plan fills in the metric"
    metric: Metric = workplace.registry.build("metric", config.metric, context)
    spent, cached_calls = workplace.store.spent(run_id)
    budget = Budget(config.budget, known_price(config, scorer), spent)

    def tell() -> None:
        workplace.events.emit(
            CallsAnswered(
                run_id=run_id,
                calls=budget.spent.calls,
                cached_calls=caller.cached_calls,
                usage=budget.spent.usage,
                cost_usd=budget.cost(budget.spent.usage),
            )
        )

    caller = Caller(
        scorer,
        store=workplace.store,
        run_id=run_id,
        budget=budget,
        cached_calls=cached_calls,
        retries=config.retries,
        seed=derive_seed(config.seed, "scorer"),
        on_answers=tell,
        clock=workplace.clock,
    )
    try:
        yield _Asking(scorer, budget, caller, Evaluator(caller, metric, config.prompt_template))
    finally:
        await scorer.aclose()


async def _search_and_conclude(
    workplace: Workplace, record: RunRecord, elapsed: Callable[[], float]
) -> RunResult:
    asyncio.get_running_loop().set_exception_handler(_quiet_about_interrupts)
    registry, config, store, events = workplace.registry, record.config, workplace.store, workplace.events
    splits, context = record.plan.splits, workplace.folders.context(config.seed)
    generator: Generator = registry.build("generator", config.generator, context)
    surrogate: Surrogate = registry.build("surrogate", config.surrogate, context)
    async with _asking(workplace, config, record.id) as asking:
        done = len(store.trials(record.id))
        total = generator.pool_size() or config.search.total
        events.emit(
            RunStarted(
                run_id=record.id,
                task=record.task,
                trials=total,
                done=done,
                max_calls=config.budget.max_calls,
            )
        )
        _hold_back_for_test(asking, record, fresh=done == 0)
        events.emit(PhaseStarted(run_id=record.id, phase="prepare", round=0))
        search = Search(
            run_id=record.id,
            config=config,
            splits=splits,
            generator=generator,
            surrogate=surrogate,
            prepared=_prepare(generator, record, store),
            evaluator=asking.evaluator,
            store=store,
            events=events,
        )
        history = await search.run()
        winner = history.best
        if winner is None:
            if history.cut_short:
                raise BudgetExhaustedError(
                    f"{history.cut_short} No trial was completed, so there is no result.",
                    hint="Start again with a larger budget; answers that were paid for are kept.",
                )
            raise BackendError(
                f"Every trial has failed calls, so no winner can be chosen.{_why(asking.caller)}",
                hint=f"When the scorer answers again: iz resume {record.id}",
            )
        asking.budget.release_held_back()
        baselines = _baselines(generator, record)
        planned_calls = (1 + len(baselines)) * len(splits.test)
        events.emit(PhaseStarted(run_id=record.id, phase="test", round=0, total=planned_calls))
        conclusion = await conclude(winner, baselines, splits.test, asking.evaluator, seed=config.seed)
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
        cost_usd=asking.budget.cost(spent.usage),
        seconds=record.seconds + elapsed(),
        conclusion=f"{conclusion.sentence} {history.cut_short}".strip(),
    )


def _quiet_about_interrupts(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Ctrl-C may hit any of the calls under way; that one of them saw it is nothing to report."""
    if not isinstance(context.get("exception"), KeyboardInterrupt):
        loop.default_exception_handler(context)


def _why(caller: Caller) -> str:
    return f" The last failure: {caller.last_failure.message}" if caller.last_failure else ""


def _prepare(generator: Generator, record: RunRecord, store: Store) -> PrepareResult:
    try:
        prepared = generator.prepare(_prepare_request(record))
    except IzError:
        raise
    except Exception as error:
        raise BackendError(
            f"The generator failed to prepare: {type(error).__name__}: {error}",
            hint="The run is kept; this is a fault of the generator's plugin.",
        ) from error
    if record.generator_state is None:
        store.set_generator_state(record.id, prepared.state)
    return prepared


def _prepare_request(record: RunRecord) -> PrepareRequest:
    return PrepareRequest(
        demonstrations=record.plan.splits.demonstrations,
        seed=derive_seed(record.config.seed, "generator"),
        state=record.generator_state or {},
    )


def _baselines(generator: Generator, record: RunRecord) -> list[NamedInstruction]:
    found = [NamedInstruction(name=NO_INSTRUCTION, instruction="")]
    unsteered = generator.write_unsteered(_prepare_request(record))
    if unsteered is not None:
        found.append(NamedInstruction(name=UNSTEERED, instruction=unsteered.instruction))
    given = record.config.baselines
    for number, instruction in enumerate(given, 1):
        name = GIVEN if len(given) == 1 else f"{GIVEN} {number}"
        found.append(NamedInstruction(name=name, instruction=instruction))
    return found


def _hold_back_for_test(asking: _Asking, record: RunRecord, *, fresh: bool) -> None:
    prompts = asking.evaluator.prompts(TYPICAL_INSTRUCTION, record.plan.splits.test)
    config: RunConfig = record.config
    one = asking.caller.bound(prompts) if config.budget != type(config.budget)() else Amount()
    reserve = sum([one] * tested_instructions(config), Amount())
    if fresh and not asking.budget.fits(reserve):
        raise UsageError(
            f"The budget ({asking.budget.describe()}) has no room for the final test, which may take "
            f"{reserve.calls} calls and {reserve.usage.total} tokens.",
            hint="Raise the limit, or lower splits.test.",
        )
    asking.budget.hold_back(reserve)
