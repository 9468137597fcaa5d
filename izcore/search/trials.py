"""Makes trials: from what a candidate scored, from an earlier trial of its instruction, or from a refusal."""

from izcore.config.schema import Objective
from izcore.plugin.trials import Candidate, Trial
from izcore.scoring.evaluator import Evaluation


def scored_trial(
    index: int, round_: int, candidate: Candidate, evaluation: Evaluation, objective: Objective
) -> Trial:
    """Return the trial of a candidate that was evaluated."""
    return Trial(
        index=index,
        round=round_,
        candidate=candidate,
        scores=evaluation.scores,
        answers=evaluation.answers,
        finishes=evaluation.finishes,
        reasonings=evaluation.reasonings if any(evaluation.reasonings) else (),
        calls=evaluation.calls,
        cached_calls=evaluation.cached_calls,
        usage=evaluation.usage,
        cost_usd=evaluation.cost_usd,
        penalty=objective.penalty(candidate.guidance.length, evaluation.answer_cost_usd),
    )


def refused_trial(index: int, round_: int, candidate: Candidate) -> Trial:
    """Return the trial of a candidate on which no call is spent."""
    return Trial(index=index, round=round_, candidate=candidate, scores=())


def reusing_trial(index: int, round_: int, candidate: Candidate, earlier: Trial) -> Trial:
    """Return the trial of a candidate whose instruction and exemplars ``earlier`` has scored."""
    return Trial(
        index=index,
        round=round_,
        candidate=candidate,
        scores=earlier.scores,
        answers=earlier.answers,
        finishes=earlier.finishes,
        reasonings=earlier.reasonings,
        reused=earlier.index,
        penalty=earlier.penalty,
    )
