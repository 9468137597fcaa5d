"""What a search maximises: the score, or less for long and costly instructions; and the Pareto front."""

from collections.abc import Iterable

from izcore.plugin.results import FrontPoint, ValidationScore
from izcore.plugin.trials import Trial


def pareto_front(trials: Iterable[Trial], examples: int) -> tuple[FrontPoint, ...]:
    """Return the instructions that no other beats in score without being longer, the shortest first.

    Compared are those with the scores of all of the first ``examples`` validation examples (of as many as
    any has, if that is fewer), by their mean on these. Of equals the first tried is kept.
    """
    known = [t for t in trials if t.reused is None and t.scores and None not in t.scores]
    count = min(examples, max((len(trial.scores) for trial in known), default=0))
    points = [
        FrontPoint(
            instruction=trial.candidate.instruction,
            exemplars=trial.candidate.exemplars,
            length=trial.candidate.guidance.length,
            validation=ValidationScore(score=sum(trial.known_scores[:count]) / count, n=count),
        )
        for trial in known
        if len(trial.scores) >= count
    ]
    front: list[FrontPoint] = []
    for point in sorted(points, key=lambda p: (p.length, -p.validation.score)):
        if not front or point.validation.score > front[-1].validation.score:
            front.append(point)
    return tuple(front)
