"""The box that a trust region leaves to look in, read off the history alone (TuRBO, Eriksson et al. 2019)."""

from itertools import groupby

import numpy as np

from izcore.plugin import SuggestRequest, Trial
from izcore_botorch.history import Array

FIRST_SIDE = 0.8
LONGEST_SIDE = 1.6
SHORTEST_SIDE = 0.5**7
"""Sides of the box, in units of the cube of latents, as in TuRBO; below the shortest it starts again."""
SUCCESSES = 3
"""Rounds in a row that found something better, after which the side doubles."""
FAILURES = 4
"""Latents for nothing, in rounds in a row, after which it is halved: so many, or as many as dimensions."""


def trust_region(request: SuggestRequest) -> Array:
    """Return the corners, (2, d), of the box around the best trial, cut off at the walls of the cube.

    A round succeeds if one of its trials beats all before it by more than a thousandth. The best trial is the
    one with the highest objective among those that saw the most examples; without any the box is the whole
    cube.
    """
    rounds = [list(trials) for _, trials in groupby(request.history, key=lambda trial: trial.round)]
    best: Trial | None = None
    side, successes, failures = FIRST_SIDE, 0, 0
    for number, trials in enumerate(rounds):
        known = [t for t in trials if t.mean is not None and len(t.candidate.latent) == request.latent_dim]
        winner = max(known, key=_evidence_then_objective, default=None)
        improved = winner is not None and (best is None or _is_better(winner, best))
        best = winner if improved else best
        if number == 0:
            continue
        successes, failures = (successes + 1, 0) if improved else (0, failures + len(trials))
        if successes == SUCCESSES:
            side, successes = min(2 * side, LONGEST_SIDE), 0
        elif failures >= max(FAILURES, request.latent_dim):
            side, failures = side / 2, 0
        if side < SHORTEST_SIDE:
            side = FIRST_SIDE
    if best is None:
        return np.array([np.zeros(request.latent_dim), np.ones(request.latent_dim)])
    centre = np.array(best.candidate.latent, dtype=np.float64)
    corners: Array = np.clip(np.array([centre - side / 2, centre + side / 2]), 0.0, 1.0)
    return corners


def members(latents: Array, region: Array, count: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return which of ``latents`` (a, d) lie in ``region``; if fewer than ``count``, the nearest to it."""
    outside = np.maximum(region[0] - latents, latents - region[1]).max(axis=1)
    inside = np.flatnonzero(outside <= 0)
    if len(inside) >= count:
        return inside
    return np.sort(np.argsort(outside, kind="stable")[:count])


def _evidence_then_objective(trial: Trial) -> tuple[int, float]:
    return len(trial.known_scores), trial.objective or 0.0


def _is_better(one: Trial, other: Trial) -> bool:
    (seen, mean), (other_seen, other_mean) = _evidence_then_objective(one), _evidence_then_objective(other)
    return seen > other_seen or (seen == other_seen and mean > other_mean + 1e-3)
