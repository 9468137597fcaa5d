"""Keeps room in a run's budget for what comes after the search."""

from collections.abc import Callable, Sequence

from izcore.config.schema import Limits
from izcore.engine.coordinates import search_coordinates
from izcore.engine.plan import evaluation_policy
from izcore.engine.session import Session
from izcore.engine.workload import graded_prompt, tested_instructions, typical_answer, typical_guidance
from izcore.plugin.calls import Amount
from izcore.plugin.examples import Example
from izcore.plugin.registrations import GeneratorRegistration
from izcore.scoring.model_client import ModelClient
from izcore.scoring.usual_usage import Foreseen
from izcore.search.rungs import rungs_of
from izcore.storage.records import RunRecord

Reserve = Callable[[], Amount]
"""What is likely to be needed later, to judge by the answers so far."""


def hold_back_for_test(session: Session, record: RunRecord) -> Reserve:
    """Hold back what comparing the finalists and the final test are likely to take; return that of the test.

    No wall rests on this: what a call can cost at most is reserved before it is sent, here as elsewhere.
    """
    if record.config.budget == Limits():
        return Amount
    _learn_from_trials(session, record)
    choice, splits = record.config.generator, record.plan.splits
    registration = session.environment.registry.registration(GeneratorRegistration, choice.name)
    coordinates = search_coordinates(record.config, record.plan)
    tested = tested_instructions(record.config, coordinates, unsteered=bool(registration.unsteered))
    final_test = _reserve(session, record, splits.test, tested)
    compared = (*_missed_by_finalists(session, record), *splits.retest)
    retest = _reserve(session, record, compared, record.config.evaluation.finalists)
    session.ledger.hold_back(lambda: final_test() + retest())
    return final_test


def _missed_by_finalists(session: Session, record: RunRecord) -> Sequence[Example]:
    """Return the validation examples that a finalist is likely to catch up on: half, if nobody is dropped."""
    environment, validation = session.environment, record.plan.splits.validation
    policy = evaluation_policy(environment.registry, record.config, environment.paths)
    rungs = rungs_of(policy, len(validation), record.config.search.total, 0)
    return validation[len(validation) // 2 :] if rungs.advance else ()


def _learn_from_trials(session: Session, record: RunRecord) -> None:
    """Let a run that goes on know of its models what it had learnt."""
    session.black_box.learn_lost(session.environment.store.lost(record.id).usage)
    for trial in session.environment.store.trials(record.id):
        examples = record.plan.splits.validation[: len(trial.scores)]
        if examples and trial.reused is None and trial.calls == len(examples):
            prompts = session.evaluator.prompts(trial.candidate.guidance, examples)
            session.black_box.learn(prompts, trial.usage)


def _reserve(session: Session, record: RunRecord, examples: Sequence[Example], instructions: int) -> Reserve:
    """Say what so many instructions on ``examples`` are likely to take, with the grading of their answers."""
    plan = record.plan
    guidance = typical_guidance(search_coordinates(record.config, plan))
    prompts = session.evaluator.prompts(guidance, examples)
    answer = typical_answer(plan.splits)
    graded = [graded_prompt(record.config, prompt, answer) for prompt in prompts]
    foreseen: list[tuple[ModelClient, Foreseen]] = [(session.black_box, session.black_box.foresee(prompts))]
    foreseen += [(client, client.foresee(graded)) for role, client in session.clients.items() if role.grades]

    def likely() -> Amount:
        one = sum((client.likely(each, failing=True) for client, each in foreseen), Amount())
        return sum([one] * instructions, Amount())

    return likely
