"""The Pareto front over examples, from which GEPA draws parents (arXiv 2507.19457, algorithm 2)."""

import random
from collections.abc import Sequence

from izcore.plugin import Trial

Scores = tuple[float, ...]


def contenders(history: Sequence[Trial], examples: int) -> tuple[Trial, ...]:
    """Return for every sentence its best trial, of those that saw all of the ``examples``.

    Where a run has coordinates, one sentence has trials with different ones. Of equals the earlier counts.
    """
    found: dict[str, Trial] = {}
    for trial in history:
        if trial.objective is None or len(trial.scores) < examples:
            continue
        rival = found.get(trial.candidate.sentence)
        if rival is None or trial.objective > (rival.objective or 0.0):
            found[trial.candidate.sentence] = trial
    return tuple(found.values())


def wins(scores: Sequence[Scores]) -> tuple[int, ...]:
    """Return on how many examples each is best, ties included; 0 for who is dominated.

    ``scores`` holds for each candidate its scores on the same examples. A candidate is dominated by one that
    is nowhere worse and somewhere better.
    """
    front = [own if not any(_dominates(other, own) for other in scores) else None for own in scores]
    best = [max(column) for column in zip(*scores, strict=True)]
    return tuple(
        0 if own is None else sum(score == top for score, top in zip(own, best, strict=True)) for own in front
    )


def draw_parent(trials: Sequence[Trial], draw: random.Random) -> Trial:
    """Draw one of ``trials``, each with a probability in proportion to the examples on which it is best.

    There is at least one, and all have scores on the same examples.
    """
    return draw.choices(trials, weights=wins([trial.known_scores for trial in trials]))[0]


def _dominates(one: Scores, other: Scores) -> bool:
    return one != other and all(a >= b for a, b in zip(one, other, strict=True))
