"""Turns the trials of a run into the numbers that a Gaussian process is fitted to."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from izcore.plugin import Candidate, SuggestRequest, Trial

FLAT = 1e-9
"""A spread of mean scores below this counts as none: every trial scored the same."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Observations:
    """The trials that a surrogate learns from, oldest first; all arrays are float64.

    ``candidates`` are what was tried, ``rounds`` (n,) when. ``latents`` is (n, d) in [0, 1]. ``scores`` is
    (n, m), one column per validation example, complete, and one more for the penalties, if there are any.
    ``means`` (n,) are the mean scores less the penalties, at most 1, and ``train_Y`` (n,) the same,
    standardised to mean 0 and standard deviation 1 (all 0 where all trials did equally well). ``train_Yvar``
    (n,) is the variance of each value's error, in the same units squared. ``instruction`` (n,) numbers the
    distinct instructions, 0, 1, …, in order of first appearance: trials that reuse one measurement share
    its number.
    """

    candidates: tuple[Candidate, ...]
    rounds: NDArray[np.int64]
    latents: Array
    scores: Array
    means: Array
    train_Y: Array
    train_Yvar: Array
    instruction: NDArray[np.int64]

    @property
    def distinct(self) -> NDArray[np.int64]:
        """Index of the first trial of each distinct instruction."""
        _, first = np.unique(self.instruction, return_index=True)
        return first.astype(np.int64)


def observe(request: SuggestRequest, max_trials: int) -> Observations | None:
    """Return the usable trials of ``request``; None if there are fewer than two.

    A trial is usable if at least one of its scores is known and its latent has the run's dimension.
    Of more than ``max_trials`` usable ones, the best half and the most recent of the others are kept:
    they are what the next suggestions depend on, and the cost of a fit grows with their number cubed.
    """
    usable = [trial for trial in request.history if _is_usable(trial, request.latent_dim)]
    if len(usable) < 2:
        return None
    usable = _keep(usable, max_trials)
    known = [_known(trial) for trial in usable]
    means = np.array([_objective(trial) for trial in usable])
    spread = float(means.std(ddof=1))
    unit = spread if spread > FLAT else 1.0
    noise = np.array([mean_variance(row) for row in known])
    values = (means - means.mean()) / unit if spread > FLAT else np.zeros_like(means)
    return Observations(
        candidates=tuple(trial.candidate for trial in usable),
        rounds=np.array([trial.round for trial in usable], dtype=np.int64),
        latents=np.array([trial.candidate.latent for trial in usable], dtype=np.float64),
        scores=_with_penalties(complete(usable), usable),
        means=means,
        train_Y=values,
        train_Yvar=noise / unit**2,
        instruction=_number_instructions(usable),
    )


def mean_variance(scores: Array) -> float:
    """Return the variance of the mean of ``scores`` (m numbers in [0, 1]) as an estimate of accuracy.

    Two made-up examples, one that scored 0 and one that scored 1, join the m real ones, so that
    neither 0 nor m right answers out of m claim to be free of noise. For scores that are 0 or 1 this
    is p(1 - p) / m with p = (right + 1) / (m + 2), the centre of the Agresti-Coull interval at z² = 2.
    """
    padded = np.append(scores, (0.0, 1.0))
    return float(padded.var() / len(scores))


def complete(trials: list[Trial]) -> Array:
    """Return the (n, m) matrix of per-example scores, without gaps.

    m is the length of the longest trial. A score that is not known becomes the mean of what the other trials
    scored on that example, or of everything known where no trial was scored on it; moved, for a trial that
    saw only the first examples, by how much better or worse it was than the others on those.
    """
    width = max(len(trial.scores) for trial in trials)
    scores = np.full((len(trials), width), np.nan)
    for row, trial in zip(scores, trials, strict=True):
        row[: len(trial.scores)] = [_number(score) for score in trial.scores]
    known = ~np.isnan(scores)
    counts = known.sum(axis=0)
    overall = scores[known].mean() if known.any() else 0.0
    columns = np.where(counts > 0, np.nansum(scores, axis=0) / np.maximum(counts, 1), overall)
    filled = np.where(known, scores, columns)
    for row, seen, trial in zip(filled, known, trials, strict=True):
        if len(trial.scores) < width and seen.any():
            ahead = (row[seen] - columns[seen]).mean()
            row[~seen] = np.clip(columns[~seen] + ahead, 0.0, 1.0)
    return filled


def _is_usable(trial: Trial, latent_dim: int) -> bool:
    return len(trial.candidate.latent) == latent_dim and len(_known(trial)) > 0


def _known(trial: Trial) -> Array:
    numbers = np.array([_number(score) for score in trial.scores], dtype=np.float64)
    return numbers[~np.isnan(numbers)]


def _with_penalties(scores: Array, trials: list[Trial]) -> Array:
    """Let trials that score alike differ by their penalties as far as if every score differed by as much."""
    penalties = np.array([trial.penalty for trial in trials])
    return np.column_stack([scores, penalties * scores.shape[1] ** 0.5]) if penalties.any() else scores


def _objective(trial: Trial) -> float:
    return float(_known(trial).mean()) - trial.penalty


def _number(score: float | None) -> float:
    return float(score) if score is not None and math.isfinite(score) else math.nan


def _keep(trials: list[Trial], limit: int) -> list[Trial]:
    if len(trials) <= limit:
        return trials
    means = np.array([_objective(trial) for trial in trials])
    best = set(np.argsort(-means, kind="stable")[: limit // 2].tolist())
    recent = [i for i in reversed(range(len(trials))) if i not in best][: limit - len(best)]
    return [trials[i] for i in sorted(best.union(recent))]


def _number_instructions(trials: list[Trial]) -> NDArray[np.int64]:
    numbers: dict[int, int] = {}
    roots = [trial.index if trial.reused is None else trial.reused for trial in trials]
    return np.array([numbers.setdefault(root, len(numbers)) for root in roots], dtype=np.int64)
