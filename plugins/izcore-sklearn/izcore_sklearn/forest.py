"""``sklearn-forest``: a random forest on the latents; its trees' disagreement is its doubt."""

import numpy as np
from sklearn.ensemble import RandomForestRegressor

from izcore.plugin import BackendContext, SuggestRequest, SuggestResult, Surrogate
from izcore_sklearn.observations import Array, Observations
from izcore_sklearn.options import ForestOptions
from izcore_sklearn.search import Prediction, search


class ForestSurrogate(Surrogate):
    """Random forest, expected improvement from the spread of its trees, kriging-believer batches."""

    def __init__(self, options: ForestOptions, context: BackendContext) -> None:
        self._options = options

    def suggest(self, request: SuggestRequest) -> SuggestResult:
        """Return ``request.count`` untried latents, those that promise most first."""
        return search(
            request, self._fit, proposals=self._options.proposals, max_trials=self._options.max_trials
        )

    def _fit(self, observations: Observations, seed: int) -> "Forest":
        return Forest(observations, self._options.trees, self._options.min_leaf, seed)


class Forest:
    """A fitted forest. Trials weigh as the inverse of their noise; a third of the coordinates per split."""

    def __init__(self, observations: Observations, trees: int, min_leaf: int, seed: int) -> None:
        targets, noise = observations.standardised()
        self._forest = RandomForestRegressor(
            trees, min_samples_leaf=min_leaf, max_features=1 / 3, random_state=seed
        )
        self._forest.fit(observations.latents, targets, sample_weight=noise.min() / noise)

    def mean_at(self, latents: Array) -> Array:
        """Return the mean over the trees at each of ``latents``."""
        return np.asarray(self._each_tree(latents).mean(axis=0))

    def predict(self, proposals: Array) -> Prediction:
        """Return mean and covariance over the trees, each tree taken for a draw from the posterior."""
        drawn = self._each_tree(proposals)
        mean = drawn.mean(axis=0)
        spread = (drawn - mean) / np.sqrt(len(drawn))
        return Prediction(
            mean=mean,
            variance=(spread**2).sum(axis=0),
            covariance=lambda index: np.asarray(spread[:, index] @ spread),
        )

    def _each_tree(self, latents: Array) -> Array:
        """Return what each tree predicts: trees x latents."""
        return np.stack([tree.predict(latents) for tree in self._forest.estimators_])
