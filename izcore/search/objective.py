"""What a search maximises: the score, or less for long and costly instructions; and the Pareto front."""

from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta

from izcore.plugin.errors import ConfigError
from izcore.plugin.records import Price, Record, Trial
from izcore.plugin.results import FrontPoint, ValidationScore


class Objective(Record, forbid_unknown_fields=True):
    """What an instruction's validation score loses, for the search and for the choice of the winner."""

    length_penalty: Annotated[
        float, Meta(ge=0, description="Score lost per 100 characters of the instruction and its exemplars")
    ] = 0.0
    cost_penalty: Annotated[
        float, Meta(ge=0, description="Score lost per US dollar that 1,000 answers cost; needs a known price")
    ] = 0.0

    def penalty(self, length: int, answer_cost_usd: float) -> float:
        """Return what is lost by ``length`` characters and answers of ``answer_cost_usd`` dollars each."""
        return self.length_penalty * length / 100 + self.cost_penalty * answer_cost_usd * 1000

    def check_price(self, price: Price | None) -> None:
        """Raise ConfigError if costs shall count and the scorer has no price to count with."""
        if self.cost_penalty and (price is None or not (price.input or price.output)):
            raise ConfigError(
                "objective.cost_penalty: the scorer's answers have no price, so they cannot differ in cost.",
                hint='Give one in a TOML file (--config): prices."MODEL" = {input = …, output = …}, '
                "or use objective.length_penalty.",
            )


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
