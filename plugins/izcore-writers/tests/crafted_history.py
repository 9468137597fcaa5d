"""Histories made by hand: what was written in which round, and how it scored."""

from collections.abc import Iterable

from izcore.plugin import Candidate, Trial

Row = tuple[int, str, float | None]


def history(rows: Iterable[Row], *, seen: int = 10) -> tuple[Trial, ...]:
    """Trials from (round, instruction, mean); a mean of None means that all calls failed."""
    trials: list[Trial] = []
    for round_, text, mean in rows:
        earlier = next((t for t in trials if t.candidate.instruction == text), None)
        trials.append(
            Trial(
                index=len(trials),
                round=round_,
                candidate=Candidate(latent=(0.5,), instruction=text),
                scores=earlier.scores if earlier else scores(mean, seen),
                reused=earlier.index if earlier else None,
            )
        )
    return tuple(trials)


def scores(mean: float | None, seen: int) -> tuple[float | None, ...]:
    """As many scores, of 0 and 1, with that mean."""
    if mean is None:
        return (None,) * seen
    right = round(mean * seen)
    return (1.0,) * right + (0.0,) * (seen - right)
