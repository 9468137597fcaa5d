"""Keeps room in a run's budget for what comes after the search."""

from collections.abc import Sequence

from izcore.config.schema import Limits
from izcore.engine.call_limit import tested_instructions
from izcore.engine.coordinates import answer_room
from izcore.engine.session import Session
from izcore.engine.workload import graded_prompt, typical_answer, typical_guidance
from izcore.plugin.calls import Amount
from izcore.plugin.errors import UsageError
from izcore.plugin.examples import Example
from izcore.plugin.registrations import GeneratorRegistration
from izcore.storage.records import RunRecord


def hold_back_for_test(session: Session, record: RunRecord, *, fresh: bool) -> Amount:
    """Hold back what the comparison of the finalists and the final test may take; return that of the test.

    Raises UsageError where the budget of a ``fresh`` run, one without a trial, has no room for the test.
    """
    if record.config.budget == Limits():
        return Amount()
    one = _bound_of_answers(session, record, record.plan.splits.test)
    registration = session.environment.registry.registration(
        GeneratorRegistration, record.config.generator.name
    )
    tested = tested_instructions(record.config, unsteered=bool(registration.unsteered))
    final_test = sum([one] * tested, Amount())
    if fresh and not session.ledger.fits(final_test):
        raise UsageError(
            f"The budget ({session.ledger.describe()}) has no room for the final test, which may take "
            f"{final_test.calls} calls and {final_test.usage.total} tokens.",
            hint="Raise the limit, or lower splits.test.",
        )
    retest = _bound_of_answers(session, record, record.plan.splits.retest)
    session.ledger.hold_back(sum([retest] * record.config.evaluation.finalists, final_test))
    return final_test


def _bound_of_answers(session: Session, record: RunRecord, examples: Sequence[Example]) -> Amount:
    """Return the most that one instruction on ``examples`` can cost, with the grading of its answers."""
    plan = record.plan
    guidance = typical_guidance(record.config, plan.splits.demonstrations, answer_room(plan.coordinates))
    prompts = session.evaluator.prompts(guidance, examples)
    total = session.black_box.bound(prompts)
    for role, client in session.clients.items():
        if role.grades:
            answer = typical_answer(plan.splits)
            total += client.bound([graded_prompt(record.config, prompt, answer) for prompt in prompts])
    return total
