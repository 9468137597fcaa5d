"""How likely a latent is to write an instruction that was not tried yet.

Many latents write the same sentence, and a sentence that is known cannot improve on itself. How far apart
latents must be to write different sentences is learnt from the trials themselves.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from scipy.spatial import KDTree
from scipy.special import log_expit
from sklearn.linear_model import LogisticRegression

from izcore.plugin import Trial
from izcore_sklearn.observations import Array, latents_of

_CLOSEST = 1e-9
"""Distances below this count as this, so that equal latents have a logarithm."""


class Novelty:
    """Log probability that each proposal writes a new instruction: logistic in log distance.

    Each trial is compared with all others: was its instruction written by no other, and how far off was
    the nearest? Where all instructions differ, or distance does not help to tell, everything is new.
    """

    def __init__(self, history: Sequence[Trial], proposals: Array) -> None:
        latents = latents_of(history, proposals.shape[1])
        written = Counter(trial.candidate.instruction for trial in history)
        is_new = np.array([written[trial.candidate.instruction] == 1 for trial in history])
        tree = KDTree(latents)
        self._proposals = proposals
        self._nearest, _ = tree.query(proposals)
        self._slope, self._intercept = 0.0, np.inf
        if is_new.any() and not is_new.all():
            to_others = tree.query(latents, k=2)[0][:, 1]
            self._learn(_log_distance(to_others), is_new)

    def _learn(self, log_distance: Array, is_new: Array) -> None:
        middle, spread = log_distance.mean(), max(float(log_distance.std()), 1e-3)
        fitted = LogisticRegression().fit(((log_distance - middle) / spread)[:, None], is_new)
        slope = float(fitted.coef_[0, 0]) / spread
        if slope > 0:
            self._slope, self._intercept = slope, float(fitted.intercept_[0]) - slope * middle

    def log_probability(self) -> Array:
        """Return one number <= 0 per proposal."""
        return np.asarray(log_expit(self._intercept + self._slope * _log_distance(self._nearest)))

    def add(self, latent: Array) -> None:
        """Count ``latent`` as tried."""
        self._nearest = np.minimum(self._nearest, np.linalg.norm(self._proposals - latent, axis=1))


def _log_distance(distance: Array) -> Array:
    return np.log(np.maximum(distance, _CLOSEST))
