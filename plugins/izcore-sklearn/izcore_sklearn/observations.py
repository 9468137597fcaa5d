"""From trials to what a regression needs: where, how good on average, and how sure."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from izcore.plugin import Trial

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Observations:
    """Evaluated trials with at least one known score.

    ``latents`` is n x d; ``means`` holds the mean score of each trial less its penalty, ``noise`` the
    variance of that mean.
    """

    latents: Array
    means: Array
    noise: Array

    def __len__(self) -> int:
        return len(self.means)

    def standardised(self) -> tuple[Array, Array]:
        """Return means of mean 0 and variance 1, and the noise on that scale.

        Where the means differ by less than their own noise, the noise sets the scale, so that equal
        means are not blown up.
        """
        scale = max(float(self.means.std()), float(np.sqrt(self.noise.mean())))
        return (self.means - self.means.mean()) / scale, self.noise / scale**2

    def capped(self, size: int) -> "Observations":
        """Return at most ``size`` observations: the best half, and an even selection of the rest."""
        if len(self) <= size:
            return self
        by_mean = np.argsort(-self.means, kind="stable")
        best, others = by_mean[: size // 2], np.sort(by_mean[size // 2 :])
        even = np.linspace(0, len(others) - 1, size - len(best)).round().astype(int)
        kept = np.sort(np.concatenate([best, others[even]]))
        return Observations(self.latents[kept], self.means[kept], self.noise[kept])


def variance_of_mean(scores: Sequence[float]) -> float:
    """Return the variance of the mean of ``scores``, each in [0, 1]; always above zero.

    One score of 0 and one of 1 are added before the variance is taken (the rule of succession): 20 right
    out of 20 is then not certainty, but (21/22)(1/22)/20, a standard deviation of 0.047.
    """
    return float(np.var([*scores, 0.0, 1.0])) / len(scores)


def latents_of(trials: Sequence[Trial], latent_dim: int) -> Array:
    """Return the latents of ``trials``, one row each; also of none."""
    rows = [trial.candidate.latent for trial in trials]
    return np.array(rows, dtype=float).reshape(len(rows), latent_dim)


def observe(history: Sequence[Trial], latent_dim: int) -> Observations:
    """Return the observations of ``history``, oldest first; trials without any score are left out.

    So are trials that reuse the scores of another. One evaluation is one observation: its noise is the
    same each time it is met, and counting it again makes a regression too sure.
    """
    known = [
        (trial, scores)
        for trial in history
        if trial.reused is None
        and (scores := tuple(score for score in trial.known_scores if isfinite(score)))
    ]
    return Observations(
        latents=latents_of([trial for trial, _ in known], latent_dim),
        means=np.array([np.mean(scores) - trial.penalty for trial, scores in known], dtype=float),
        noise=np.array([variance_of_mean(scores) for _, scores in known], dtype=float),
    )
