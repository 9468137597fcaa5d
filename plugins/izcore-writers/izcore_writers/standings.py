"""How the instructions tried so far stand, read from a run's history."""

from collections.abc import Iterable, Sequence

from izcore.plugin import Record, Trial


class Standing(Record):
    """An instruction, the mean of its known scores less the run's penalty (at least 0), and their number."""

    instruction: str
    mean: float
    seen: int

    @property
    def worth(self) -> float:
        """The mean with a 0 and a 1 added, so that what saw few examples ranks behind what kept its mean.

        Among instructions that saw equally many it ranks as the mean does.
        """
        return (self.mean * self.seen + 1) / (self.seen + 2)


def standing(trial: Trial) -> Standing | None:
    """Return how a trial's instruction stands; None if it has no score."""
    objective = trial.objective
    if objective is None:
        return None
    mean = max(objective, 0.0)
    return Standing(instruction=trial.candidate.sentence, mean=mean, seen=len(trial.known_scores))


def standings(history: Iterable[Trial]) -> tuple[Standing, ...]:
    """Return the distinct instructions that have scores, in the order in which they were tried."""
    distinct: dict[str, Standing] = {}
    for trial in history:
        found = standing(trial)
        if found is not None:
            distinct.setdefault(found.instruction, found)
    return tuple(distinct.values())


def best(found: Sequence[Standing], count: int) -> tuple[Standing, ...]:
    """Return the ``count`` best, the very best first; of equals, the earlier."""
    return tuple(sorted(found, key=lambda one: -one.worth)[:count])
