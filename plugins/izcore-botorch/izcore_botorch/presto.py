"""PRESTO (arXiv 2510.25808): INSTINCT that knows which latents write the same instruction."""

from collections.abc import Sequence

import torch
from torch import Tensor

from izcore.plugin import Candidate, Latent, SuggestRequest
from izcore_botorch.history import Observations
from izcore_botorch.network import Evidence, Network, scaled_uniform
from izcore_botorch.options import PrestoOptions
from izcore_botorch.pool import PoolSurrogate
from izcore_botorch.preimages import Preimages, coverage_design
from izcore_botorch.representation import represent
from izcore_botorch.reproducible import reproducible

RAMP = 0.5
"""Share of the training in which the weight of consistency rises from 0 to its full value, as published."""


class Presto(PoolSurrogate[PrestoOptions]):
    """``presto``: scores are shared by all latents that write the same instruction."""

    name = "presto"

    def _first(self, request: SuggestRequest) -> tuple[Latent, ...]:
        tried = [trial.candidate for trial in request.history]
        preimages = Preimages.of(tried, request)
        with reproducible(request.seed):
            chosen = coverage_design(
                self._points(preimages.members),
                [preimages.places[candidate.guidance] for candidate in request.pool],
                request.count,
                known=sorted({place for c in tried for place in preimages.places[c.guidance]}),
            )
        return tuple(request.pool[index].latent for index in chosen)

    def _choose(self, observations: Observations, request: SuggestRequest) -> list[int]:
        preimages = Preimages.of(observations.candidates, request)
        points = self._points(preimages.members)
        scored, scores = shared_scores(observations, preimages)
        offered = [preimages.places[candidate.guidance] for candidate in request.pool]
        network = train(points[scored], scores, [points[group] for group in offered], self._options)
        evidence = Evidence(network, self._options.regularisation)
        evidence.add(points[scored])
        free = torch.ones(len(offered), dtype=torch.bool)
        owner = torch.tensor([number for number, group in enumerate(offered) for _ in group])
        pool = points[[place for group in offered for place in group]]
        mean = network.mean(pool)
        chosen: list[int] = []
        for _ in range(request.count):
            bound = mean + (self._options.exploration * evidence.variance(pool)).sqrt()
            best = int(owner[bound.where(free[owner], -torch.inf).argmax()])
            free[best] = False
            chosen.append(best)
            evidence.add(points[offered[best]])
        return chosen

    def _points(self, members: Sequence[Candidate]) -> Tensor:
        """Return the members as points whose spread is that of standardised numbers."""
        return represent(members, self._options.on, self._options.dimensions) * 12**0.5


def shared_scores(observations: Observations, preimages: Preimages) -> tuple[list[int], Tensor]:
    """Return the places of all latents that wrote what was tried, and for each the score of that."""
    means = dict(zip((c.guidance for c in observations.candidates), observations.means.tolist(), strict=True))
    places = [(place, mean) for guidance, mean in means.items() for place in preimages.places[guidance]]
    return [place for place, _ in places], torch.tensor([mean for _, mean in places], dtype=torch.float64)


def train(points: Tensor, scores: Tensor, untried: Sequence[Tensor], options: PrestoOptions) -> Network:
    """Train a network to foretell ``scores`` (n,) from ``points`` (n, k), alike within each untried preimage.

    The loss is the mean squared error plus γ(t) times the inconsistency of the ``untried`` preimages, each
    (members, k). γ rises linearly from 0 to its full value over the first half of the steps. Adam on
    everything at once, no weight decay: the published training.
    """
    network = Network(points.shape[1], options.width, scaled_uniform)
    several = [members for members in untried if len(members) > 1]
    everything = torch.cat([points, *several])
    sizes = torch.tensor([len(members) for members in several])

    def loss(step: int) -> Tensor:
        foretold = network.mean(everything)
        error = (foretold[: len(points)] - scores).square().mean()
        if not several:
            return error
        weight = options.consistency * min(step / (RAMP * options.steps), 1.0)
        return error + weight * inconsistency(foretold[len(points) :], sizes)

    network.descend(loss, options.steps, options.learning_rate)
    return network


def inconsistency(foretold: Tensor, sizes: Tensor) -> Tensor:
    """Return how far apart members of one preimage are, on average over the preimages.

    ``foretold`` (n,) are the members' scores, preimage after preimage; ``sizes`` are the numbers of members,
    at least 2 each. Of one preimage it is the mean of (a - b)² over its pairs: twice its sample variance.
    """
    group = torch.repeat_interleave(torch.arange(len(sizes)), sizes)
    zeros = torch.zeros(len(sizes), dtype=foretold.dtype)
    means = zeros.index_add(0, group, foretold) / sizes
    squares = zeros.index_add(0, group, (foretold - means[group]).square())
    return (2 * squares / (sizes - 1)).mean()
