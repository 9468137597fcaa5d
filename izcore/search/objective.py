"""What a search maximises: the score, or less for long and costly instructions; and what is told of it."""

from collections.abc import Iterable, Sequence

from izcore.plugin.results import FrontPoint, ValidationScore
from izcore.plugin.trials import Trial


def pareto_front(trials: Iterable[Trial], examples: int) -> tuple[FrontPoint, ...]:
    """Return the instructions that no other beats in score without being longer, the shortest first.

    Compared are those that saw all of the first ``examples`` validation examples (as many as any saw, if
    that is fewer), by their mean on these; what is set aside counts for none. Of equals the first tried is
    kept.
    """
    known = [trial for trial in trials if trial.reused is None and trial.known_scores]
    count = min(examples, max((len(trial.scores) for trial in known), default=0))
    seen = [(trial, _known(trial.scores[:count])) for trial in known if len(trial.scores) >= count]
    points = [
        FrontPoint(
            instruction=trial.candidate.instruction,
            exemplars=trial.candidate.exemplars,
            length=trial.candidate.guidance.length,
            validation=ValidationScore(score=sum(scores) / len(scores), n=len(scores)),
        )
        for trial, scores in seen
        if scores
    ]
    front: list[FrontPoint] = []
    for point in sorted(points, key=lambda p: (p.length, -p.validation.score)):
        if not front or point.validation.score > front[-1].validation.score:
            front.append(point)
    return tuple(front)


def validation_score(trial: Trial, examples: int) -> ValidationScore:
    """Return what to tell of a trial that was chosen by its scores.

    That is its mean on the fresh examples, those behind the first ``examples``, which had no say until a few
    finalists were left. Where it has no score there, it is the mean of the scores that chose it.
    """
    fresh = _known(trial.scores[examples:])
    scores = fresh or trial.known_scores
    return ValidationScore(score=sum(scores) / max(len(scores), 1), n=len(scores), fresh=bool(fresh))


def _known(scores: Sequence[float | None]) -> list[float]:
    return [score for score in scores if score is not None]
