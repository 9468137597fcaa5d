"""Scores more instructions on the held-out test examples of a run that has ended."""

import asyncio
from collections.abc import Sequence
from functools import partial

import msgspec

from izcore.config.schema import Limits
from izcore.engine.environment import Environment
from izcore.engine.event_loop import run_in_event_loop
from izcore.engine.session import open_session
from izcore.plugin.errors import BackendError, InterruptedRunError, UsageError
from izcore.plugin.interrupts import undisguised_interrupts
from izcore.plugin.trials import Guidance
from izcore.storage.records import RunRecord, held_out_id


def score_held_out(environment: Environment, record: RunRecord, guidances: Sequence[Guidance]) -> None:
    """Score those of the instructions that have no test scores yet, and keep the scores with the run.

    These calls are outside of the run's budget: they describe the search and had no part in it. Examples that
    the run set aside count here as little as there.

    Raises UsageError for a run that has not ended, BackendError where a call failed, and InterruptedRunError
    on Ctrl-C; answers that were paid for are kept.
    """
    if record.status != "done":
        raise UsageError(
            f"Run {record.id} has not ended, so its test examples stay sealed.",
            hint=f"Go on with: iz resume {record.id}",
        )
    known = environment.store.test_scores(record.id)
    missing = [guidance for guidance in dict.fromkeys(guidances) if guidance.key not in known]
    if missing:
        try:
            with undisguised_interrupts():
                run_in_event_loop(partial(_score, environment, record, missing))
        except (KeyboardInterrupt, asyncio.CancelledError, InterruptedRunError):
            raise InterruptedRunError("Stopped. Answers up to here are kept.") from None


async def _score(environment: Environment, record: RunRecord, guidances: Sequence[Guidance]) -> None:
    config = msgspec.structs.replace(record.config, budget=Limits())
    test = record.plan.splits.test
    known = environment.store.test_scores(record.id).values()
    set_aside = {place for tested in known for place, score in enumerate(tested.scores) if score is None}
    async with open_session(environment, config, held_out_id(record.id)) as parts:
        parts.evaluator.set_aside.add((test[place] for place in set_aside), "failed")
        evaluations = await asyncio.gather(
            *(parts.evaluator.evaluate(guidance, test) for guidance in guidances)
        )
    tested = [each.of(guidance) for guidance, each in zip(guidances, evaluations, strict=True)]
    if any(each.scores.count(None) > len(set_aside) for each in tested):
        raise BackendError(
            f"Calls failed while instructions of run {record.id} were scored on its test examples.",
            hint="The run is kept; try again when the scorer answers.",
        )
    environment.store.add_test_scores(record.id, tested)
