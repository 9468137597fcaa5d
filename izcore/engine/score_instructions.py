"""Scores instructions on a task's test split, outside of any search, and keeps that as a run."""

import asyncio
import contextlib
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from izcore.config.schema import RunConfig, ScoringConfig
from izcore.engine.environment import Environment
from izcore.engine.event_loop import run_in_event_loop
from izcore.engine.gates import Gates
from izcore.engine.plan import fix_plan, load_task
from izcore.engine.runner import status_after
from izcore.engine.score_result import ScoredInstruction, ScoreResult
from izcore.engine.scored import as_run_result, best_of, compare_pairs, known, on_shared_examples
from izcore.engine.session import open_session
from izcore.plugin.errors import InterruptedRunError, UsageError
from izcore.plugin.events import PhaseStarted
from izcore.plugin.examples import field_names
from izcore.plugin.interrupts import undisguised_interrupts
from izcore.plugin.record import Record
from izcore.plugin.run_record import Run
from izcore.plugin.seeds import derive_seed
from izcore.plugin.trials import Guidance
from izcore.registry.choices import BackendChoice
from izcore.registry.secret_options import refuse_secrets
from izcore.scoring.prompt_form import PromptForm
from izcore.scoring.reasoning import count_finishes
from izcore.scoring.statistics import mean_with_interval
from izcore.storage.records import NO_BACKEND, Progress, RunPlan
from izcore.storage.store import new_run_id

STOPPED = "Stopped. Answers up to here are kept and will not be paid again."


class Contender(Record):
    """An instruction to score: what people call it, the guidance, and the form of its prompts.

    ``form`` is None where prompts have the form that the scoring is set to.
    """

    name: str
    guidance: Guidance
    form: PromptForm | None = None


def contenders_of(instructions: Sequence[str], runs: Sequence[Run]) -> tuple[Contender, ...]:
    """Return the instructions, and the winners of the runs exactly as they were measured.

    Raises UsageError where there is none, for a secret in one, and for a run without a winner.
    """
    found = []
    for number, instruction in enumerate(instructions, 1):
        refuse_secrets(instruction, where="instruction")
        name = "the instruction" if len(instructions) == 1 else f"instruction {number}"
        found.append(Contender(name=name, guidance=Guidance(instruction=instruction)))
    for run in runs:
        best = run.result.best if run.result else None
        if best is None:
            raise UsageError(
                f"--from: run {run.id} has no winner: its status is {run.status}.",
                hint=f"Go on with: iz resume {run.id}",
            )
        form = PromptForm(template=run.config["prompt_template"], placement=run.config["placement"])
        found.append(Contender(name=f"winner of {run.id}", guidance=best.guidance, form=form))
    if not found:
        raise UsageError(
            "There is no instruction to score.",
            hint="Give --instruction TEXT, --instruction @FILE or --from RUN.",
        )
    return tuple(found)


def scoring_settings(run: Run) -> dict[str, Any]:
    """Return what of a run's settings decides scores, as a layer of settings; its limits are not among it."""
    config = run.config
    backends = {
        kind: {"name": config[kind]["name"], **config[kind].get("options", {})}
        for kind in ("scorer", "metric")
        if config.get(kind)
    }
    plain = ("preset", "seed", "splits", "prompt_template", "placement", "reasoning", "prices")
    return {**backends, **{key: config[key] for key in plain if key in config}}


def score_contenders(
    environment: Environment, config: ScoringConfig, contenders: Sequence[Contender], gates: Gates
) -> ScoreResult:
    """Score instructions on the test split that a run with the same seed and sizes would seal.

    The scoring is kept as a run. Raises UsageError, and keeps nothing, where it is refused before anything
    was asked; other errors leave a run that says how it ended, and the answers up to there.
    """
    gates.check()
    data = load_task(environment.registry, config, environment.paths)
    config, plan = fix_plan(environment.registry, config, data, environment.paths)
    for contender in contenders:
        if contender.form:
            contender.form.check(field_names(plan.splits.test))
    store, now = environment.store, environment.clock()
    run_id = new_run_id(plan.task_name, now=now, token=environment.token())
    with store.owning(run_id), undisguised_interrupts():
        store.create_run(run_id, _as_run(config), plan, created=now, folder=str(Path.cwd()))
        with _end_recorded(environment, run_id):
            store.set_status(run_id, "running", seconds=0.0)
            work = partial(_score, environment, config, plan, run_id, contenders, gates)
            return run_in_event_loop(work)


def _as_run(config: ScoringConfig) -> RunConfig:
    """Return the settings as those of a run that searches nothing."""
    fields = {name: getattr(config, name) for name in ScoringConfig.__struct_fields__}
    nothing = BackendChoice(name=NO_BACKEND)
    return RunConfig(**fields, generator=nothing, surrogate=nothing)


@contextlib.contextmanager
def _end_recorded(environment: Environment, run_id: str) -> Iterator[None]:
    """Write to the run how the work in this block ended, if it did not end well."""
    store, started = environment.store, environment.stopwatch()
    try:
        yield
    except (KeyboardInterrupt, asyncio.CancelledError, InterruptedRunError):
        store.set_status(run_id, "interrupted", seconds=environment.stopwatch() - started)
        raise InterruptedRunError(STOPPED) from None
    except Exception as error:
        if isinstance(error, UsageError) and store.progress(run_id) == Progress(trials=0, calls=0):
            store.discard_run(run_id)
        else:
            store.set_status(run_id, status_after(error), seconds=environment.stopwatch() - started)
        raise


async def _score(
    environment: Environment,
    config: ScoringConfig,
    plan: RunPlan,
    run_id: str,
    contenders: Sequence[Contender],
    gates: Gates,
) -> ScoreResult:
    started, test = environment.stopwatch(), plan.splits.test
    async with open_session(environment, config, run_id) as session:
        total = len(contenders) * len(test)
        environment.events.emit(PhaseStarted(run_id=run_id, phase="test", round=0, total=total))
        evaluators = [session.evaluator.in_form(each.form) for each in contenders]
        evaluations = [
            await evaluator.evaluate(each.guidance, test)
            for evaluator, each in zip(evaluators, contenders, strict=True)
        ]
        session.evaluator.check_evidence("test", test)
        set_aside = session.evaluator.set_aside.among("test", test)
        scores = on_shared_examples([each.scores for each in evaluations])
        prompts = [
            evaluator.whole_prompt(each.guidance, test)
            for evaluator, each in zip(evaluators, contenders, strict=True)
        ]
    instructions = tuple(
        ScoredInstruction(
            name=each.name,
            instruction=each.guidance.instruction,
            test=mean_with_interval(known(own), seed=derive_seed(config.seed, "interval", "winner")),
        )
        for each, own in zip(contenders, scores, strict=True)
    )
    best = instructions[best_of(instructions)]
    result = ScoreResult(
        task=plan.task_name,
        instruction=best.instruction,
        test=best.test,
        calls=session.ledger.spent.calls,
        cached_calls=session.ledger.cached_calls,
        tokens=session.ledger.spent.usage,
        cost_usd=session.ledger.cost_usd,
        finishes=count_finishes(environment.store.completions_of(run_id), config.reasoning),
        set_aside=set_aside if set_aside.count else None,
        run_id=run_id,
        instructions=instructions,
        pairs=compare_pairs([each.name for each in contenders], scores, seed=config.seed),
        gates=tuple(
            gate
            for each, own in zip(instructions, scores, strict=True)
            for gate in gates.judge(each.name, each.test, own, test)
        ),
    )
    tested = [
        evaluation.of(each.guidance, scores=own)
        for each, evaluation, own in zip(contenders, evaluations, scores, strict=True)
    ]
    seconds = environment.stopwatch() - started
    environment.store.add_test_scores(run_id, tested)
    guidances = [each.guidance for each in contenders]
    kept = as_run_result(result, guidances, prompts[best_of(instructions)], seed=config.seed, seconds=seconds)
    environment.store.finish(run_id, kept, seconds=seconds)
    return result
