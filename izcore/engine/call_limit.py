"""Shares a limit on calls among the search, the comparison of the finalists and the final test."""

import msgspec

from izcore.config.schema import RunConfig
from izcore.engine.splits import SMALLEST_SCORED_SPLIT
from izcore.plugin.errors import UsageError
from izcore.storage.records import RunPlan


def tested_instructions(config: RunConfig, *, unsteered: bool) -> int:
    """Return how many instructions the final test scores at most; what is equal is asked once.

    They are the winner, no instruction at all, those that the user gave, what the generator writes
    ``unsteered``, if it does, and in a few-shot search the winner's exemplars alone.
    """
    return 1 + len({"", *config.baselines}) + unsteered + bool(config.few_shot.examples)


def fit_into_call_limit(plan: RunPlan, config: RunConfig, per_answer: int, *, unsteered: bool) -> RunPlan:
    """Return the plan with shorter test and retest splits where the limit leaves the search too little.

    The final test gets at most half of the calls, and the comparison of the finalists a quarter of the rest.
    ``per_answer`` is how many calls the score of one answer takes. Raises UsageError where the limit has no
    room for a trial and the smallest test.
    """
    limit, tested = config.budget.max_calls, tested_instructions(config, unsteered=unsteered)
    per_example = tested * per_answer
    if limit is None:
        return plan
    splits = plan.splits
    trial = len(splits.validation) * per_answer
    test = min(len(splits.test), limit // 2 // per_example)
    least = min(len(splits.test), SMALLEST_SCORED_SPLIT)
    left = limit - test * per_example
    if test < least or left < trial:
        needed = max(2 * per_example * least, 2 * trial)
        raise UsageError(
            f"budget.max_calls: {limit} calls are too few; a trial on {len(splits.validation)} validation "
            f"examples and the final test of {tested} instructions need at least "
            f"{needed}.",
            hint="Raise --max-calls, or lower splits.validation.",
        )
    retest = min(len(splits.retest), left // 4 // (config.evaluation.finalists * per_answer))
    notes = tuple(
        f"{name}: {kept} of {len(wanted)} examples, so that most of the calls are left for the search."
        for name, kept, wanted in (("test", test, splits.test), ("retest", retest, splits.retest))
        if kept < len(wanted)
    )
    shorter = msgspec.structs.replace(splits, test=splits.test[:test], retest=splits.retest[:retest])
    return msgspec.structs.replace(plan, splits=shorter, notes=(*plan.notes, *notes))
