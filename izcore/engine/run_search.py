"""One run inside its event loop: build the parts, search, test the winner, and put the result together."""

import contextlib
from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from izcore.engine.baselines import find_baselines
from izcore.engine.conclusion import Conclusion, conclude
from izcore.engine.coordinates import search_coordinates
from izcore.engine.environment import Environment
from izcore.engine.flat_scores import flat_scores, tell_flat_scores
from izcore.engine.plan import evaluation_policy
from izcore.engine.reserves import hold_back_for_test
from izcore.engine.session import Session, open_session
from izcore.engine.verdict import describe_capped, describe_set_aside
from izcore.engine.writing_notes import describe_writers, describe_writing
from izcore.plugin.errors import BackendError, BudgetExhaustedError
from izcore.plugin.events import NoteAdded, PhaseStarted, RunStarted
from izcore.plugin.examples import Agreement
from izcore.plugin.protocols import Generator, Surrogate
from izcore.plugin.registrations import GeneratorRegistration
from izcore.plugin.results import RunResult, SetAside
from izcore.plugin.seeds import derive_seed
from izcore.plugin.trials import Candidate, PrepareRequest, PrepareResult, Trial
from izcore.scoring.reasoning import count_finishes
from izcore.search.coordinate_effects import coordinate_effects
from izcore.search.extent import trials_in_all
from izcore.search.history import History
from izcore.search.loop import Search, SearchOutcome
from izcore.search.objective import pareto_front
from izcore.search.proposer import POOL_ROUND, Proposer
from izcore.search.refusals import Refusals
from izcore.search.rounds import RoundEvaluator
from izcore.search.stop_rules import StopRules
from izcore.storage.records import RunRecord
from izcore.storage.store import Store


async def search_and_conclude(
    environment: Environment, record: RunRecord, elapsed: Callable[[], float]
) -> RunResult:
    """Search from where the run stands to its end, and test the winner.

    ``elapsed`` says how many seconds this process has worked on the run. Raises BudgetExhaustedError or
    BackendError where no trial is complete, so that there is no winner.
    """
    async with open_session(environment, record.config, record.id, attempt=record.failures) as session:
        generator: Generator = environment.registry.build(
            "generator", record.config.generator, session.context("generator")
        )
        coordinates = search_coordinates(record.config, record.plan)
        total = trials_in_all(generator, record.config, record.plan, coordinates)
        done = len(environment.store.trials(record.id))
        environment.events.emit(_started(record, total=total, done=done))
        final_test = hold_back_for_test(session, record)
        rules = StopRules(
            search=record.config.search,
            examples=len(record.plan.splits.validation),
            worked=lambda: record.seconds + elapsed(),
        )
        search = _prepare_search(session, record, generator, total, rules)
        outcome = await search.run()
        if outcome.stopped and outcome.history.best is None:
            # A winner that is hardly tested is more than answers that were paid for and come to nothing.
            session.ledger.release_held_back()
            outcome = await search.run()
        if outcome.ended:
            environment.events.emit(NoteAdded(run_id=record.id, note=outcome.ended))
        session.ledger.hold_back(final_test)
        outcome = await search.compare_finalists(outcome)
        session.ledger.release_held_back()
        winner = _winner(outcome, session, record)
        conclusion = await _test(winner, session, record, generator)
        agreement = await _agreement(winner, session, record)
    told = search.proposer.prepared.notes
    return _result(record, outcome, conclusion, agreement, session, told, record.seconds + elapsed())


def _started(record: RunRecord, *, total: int, done: int) -> RunStarted:
    budget = record.config.budget
    return RunStarted(
        run_id=record.id,
        task=record.task,
        trials=total,
        done=done,
        max_calls=budget.max_calls,
        max_tokens=budget.max_tokens,
        max_cost=budget.max_cost,
        config=msgspec.to_builtins(record.config),
    )


def _prepare_search(
    session: Session, record: RunRecord, generator: Generator, total: int, rules: StopRules
) -> Search:
    """Build what searches, and let the generator load its models and calibrate itself."""
    config, splits, environment = record.config, record.plan.splits, session.environment
    store, events = environment.store, environment.events
    surrogate: Surrogate = environment.registry.build(
        "surrogate", config.surrogate, session.context("surrogate")
    )
    events.emit(PhaseStarted(run_id=record.id, phase="prepare", round=0))
    prepared = _prepare(generator, record, store)
    for note in prepared.notes:
        events.emit(NoteAdded(run_id=record.id, note=note))
    proposer = Proposer(
        run_id=record.id,
        config=config,
        splits=splits,
        coordinates=search_coordinates(config, record.plan),
        starting=record.plan.starting,
        generator=generator,
        surrogate=surrogate,
        prepared=prepared,
        refusals=Refusals((*splits.demonstrations, *splits.validation)) if config.search.refuse else None,
        store=store,
        events=events,
        repeats_remedy=environment.registry.registration(
            GeneratorRegistration, config.generator.name
        ).repeats_remedy,
    )
    rounds = RoundEvaluator(
        evaluator=session.evaluator,
        policy=evaluation_policy(environment.registry, config, environment.paths),
        objective=config.objective,
        examples=splits.validation,
        searched=total,
        own=frozenset(candidate.guidance for candidate in record.plan.starting),
    )
    return Search(
        run_id=record.id,
        config=config,
        splits=splits,
        carried=record.plan.carried,
        trials_in_all=total,
        proposer=proposer,
        evaluator=session.evaluator,
        rounds=rounds,
        store=store,
        events=events,
        rules=rules,
        look=partial(tell_flat_scores, environment, record),
    )


def _prepare(generator: Generator, record: RunRecord, store: Store) -> PrepareResult:
    prepared = generator.prepare(_prepare_request(record))
    if record.generator_state is None:
        store.set_generator_state(record.id, prepared.state)
    return prepared


def _prepare_request(record: RunRecord) -> PrepareRequest:
    return PrepareRequest(
        demonstrations=record.plan.splits.demonstrations,
        seed=derive_seed(record.config.seed, "generator"),
        state=record.generator_state or {},
    )


def _winner(outcome: SearchOutcome, session: Session, record: RunRecord) -> Trial:
    if outcome.history.best is not None:
        return outcome.history.best
    if outcome.stopped:
        raise BudgetExhaustedError(
            f"{outcome.stopped} No trial was completed, so there is no result.",
            hint="Start again with a larger budget; answers that were paid for are kept.",
        )
    written = describe_writing(_written(session.environment.store, record, outcome.history))
    failed = session.failure_sentence
    raise BackendError(
        " ".join(filter(None, ("No trial has a score, so no winner can be chosen.", *written, failed))),
        hint=f"When the scorer answers again: iz resume {record.id}",
    )


async def _test(winner: Trial, session: Session, record: RunRecord, generator: Generator) -> Conclusion:
    """Open the sealed test split, and keep what it says."""
    environment, test = session.environment, record.plan.splits.test
    chosen = environment.registry.registration(GeneratorRegistration, record.config.generator.name)
    baselines = await find_baselines(
        generator,
        _prepare_request(record),
        unsteered_name=chosen.unsteered,
        given=record.config.baselines,
        winner=winner.candidate.guidance,
    )
    total = (1 + len(baselines)) * len(test)
    environment.events.emit(PhaseStarted(run_id=record.id, phase="test", round=0, total=total))
    conclusion = await conclude(
        winner,
        baselines,
        test,
        session.evaluator,
        searched_on=len(record.plan.splits.validation),
        seed=record.config.seed,
    )
    environment.store.add_test_scores(record.id, conclusion.tested)
    return conclusion


async def _agreement(winner: Trial, session: Session, record: RunRecord) -> Agreement | None:
    """Spend what is left of the budget, if anything, on grading some of the winner's answers again."""
    guidance, test = winner.candidate.guidance, record.plan.splits.test
    with contextlib.suppress(BudgetExhaustedError):
        return await session.evaluator.agreement(guidance, test)
    return None


def _result(
    record: RunRecord,
    outcome: SearchOutcome,
    conclusion: Conclusion,
    agreement: Agreement | None,
    session: Session,
    told: Sequence[str],
    seconds: float,
) -> RunResult:
    store, history = session.environment.store, outcome.history
    spent, cached_calls = store.spent(record.id)
    set_aside = _set_aside(session, record)
    lost = store.lost(record.id).calls
    cut = outcome.stopped and _describe_lost(lost)
    flat = flat_scores(history.trials, record.plan.splits.validation, record.config)
    sentences = (conclusion.sentence, describe_set_aside(set_aside), outcome.stopped, cut)
    return RunResult(
        run_id=record.id,
        task=record.task,
        status="done",
        seed=record.config.seed,
        best=conclusion.best,
        baselines=conclusion.baselines,
        trials=len(history),
        unique_instructions=history.unique_instructions,
        calls=spent.calls,
        cached_calls=cached_calls,
        tokens=spent.usage,
        cost_usd=session.ledger.cost_usd,
        lost_calls=lost,
        finishes=count_finishes(store.completions_of(record.id), record.config.reasoning),
        agreement=agreement,
        changes=record.changes,
        front=pareto_front(history.trials, len(record.plan.splits.validation)),
        set_aside=set_aside,
        notes=(
            *([str(flat)] if flat else []),
            *([outcome.ended] if outcome.ended else []),
            *told,
            *describe_writing(_written(store, record, history)),
            *describe_writers(history),
            *describe_capped(store.capped(record.id)),
        ),
        effects=coordinate_effects(
            history.trials,
            {
                name: [value.name for value in values]
                for name, values in search_coordinates(record.config, record.plan).items()
            },
        ),
        seconds=seconds,
        conclusion=" ".join(filter(None, sentences)),
    )


def _describe_lost(calls: int) -> str:
    """Say that a run which its budget ended would have come further; empty where no call was lost."""
    if not calls:
        return ""
    return f"Of its calls {calls} got no answer, so it is shorter than it would have been."


def _written(store: Store, record: RunRecord, history: History) -> Sequence[Candidate]:
    """Return what generators wrote for the run: its pool, or the sentences of its trials."""
    pool = store.proposal(record.id, POOL_ROUND)
    return pool.candidates if pool else [trial.candidate for trial in history.trials]


def _set_aside(session: Session, record: RunRecord) -> tuple[SetAside, ...]:
    splits, known = record.plan.splits, session.evaluator.set_aside
    found = (
        known.among("validation", splits.validation),
        known.among("retest", splits.retest),
        known.among("test", splits.test),
    )
    return tuple(each for each in found if each.count)
