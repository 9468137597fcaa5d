"""INSTINCT (arXiv 2310.02905): NeuralUCB on the generator's hidden states."""

import torch
from torch import Tensor

from izcore.plugin import SuggestRequest
from izcore_botorch.history import Observations
from izcore_botorch.network import Evidence, Network
from izcore_botorch.options import InstinctOptions
from izcore_botorch.pool import PoolSurrogate
from izcore_botorch.representation import represent


class Instinct(PoolSurrogate[InstinctOptions]):
    """``instinct``: a small network foretells scores, and its gradients say how sure it is."""

    name = "instinct"

    def _choose(self, observations: Observations, request: SuggestRequest) -> list[int]:
        tried = len(observations.candidates)
        points = represent(
            [*observations.candidates, *request.pool], self._options.on, self._options.dimensions
        )
        # Spread as in the unit cube; the published network gets standardised numbers.
        points = points * 12**0.5
        network = train(points[:tried], torch.from_numpy(observations.means), self._options)
        evidence = Evidence(network, self._options.regularisation)
        evidence.add(points[:tried])
        pool = points[tried:]
        mean = network.mean(pool)
        free = torch.ones(len(pool), dtype=torch.bool)
        chosen: list[int] = []
        for _ in range(request.count):
            bound = mean + (self._options.exploration * evidence.variance(pool)).sqrt()
            best = int(bound.where(free, -torch.inf).argmax())
            free[best] = False
            chosen.append(best)
            evidence.add(pool[best : best + 1])
        return chosen


def train(points: Tensor, means: Tensor, options: InstinctOptions) -> Network:
    """Train a network from random weights, all N(0, 1), to foretell ``means`` (n,) from ``points`` (n, k).

    Mean squared error, Adam on all trials at once, weight decay λ / n: the published training.
    """
    network = Network(points.shape[1], options.width)
    network.descend(
        lambda step: (network.mean(points) - means).square().mean(),
        options.steps,
        options.learning_rate,
        weight_decay=options.regularisation / len(points),
    )
    return network
