"""The prior covariance of values over sentences × cells."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

OVERALL = 0.3
"""Prior standard deviation of the mean of all candidates, around the mean of the scores."""


@dataclass(frozen=True)
class Scales:
    """Hyperparameters; all but ``reach`` and ``shared`` are standard deviations, in score points.

    ``body`` is of sentences, a share ``shared`` of whose variance is common to sentences that read alike, up
    to a distance of about ``reach``. ``origin`` parts the user's own sentences from written ones.
    ``coordinates`` (q,) is of each coordinate's main effect, ``cells`` of what cells have beyond those,
    ``interaction`` of how much better or worse a sentence is with one choice than with another, and
    ``candidate`` of what belongs to a candidate alone. ``example`` is of the difficulty of examples, and
    ``affinity`` of how much better a choice does on one example than on another.
    """

    body: Tensor
    shared: Tensor
    reach: Tensor
    origin: Tensor
    coordinates: Tensor
    cells: Tensor
    interaction: Tensor
    candidate: Tensor
    example: Tensor
    affinity: Tensor


@dataclass(frozen=True)
class Structure:
    """What covariances are computed from, of sentences (b) and cells (c).

    ``distances`` (r, r) are squared distances of texts; sentence i is the text ``text[i]``. ``own`` (b,) says
    which sentences are the user's. ``choices`` (c, q) holds the choice that each cell makes of each
    coordinate.
    """

    distances: Tensor
    text: Tensor
    own: Tensor
    choices: Tensor

    def texts(self, scales: Scales) -> Tensor:
        """Return the correlation of all texts, (r, r)."""
        return _matern(self.distances, scales)

    def between_cells(self, scales: Scales) -> Tensor:
        """Return what cells share whatever the sentence, (c, c): main effects and their interaction."""
        equal = self._equal()
        main = (equal * scales.coordinates.square()).sum(dim=-1)
        whole = equal.all(dim=-1).to(main)
        several = 1.0 if self.choices.shape[1] > 1 else 0.0
        return OVERALL**2 + main + several * scales.cells.square() * whole

    def of_body(self, scales: Scales) -> Tensor:
        """Return what one sentence shares between its cells, (c, c): its own effect and the interaction."""
        coordinates = self.choices.shape[1]
        overlap = self._equal().to(scales.body).mean(dim=-1) if coordinates else 0.0
        size = len(self.choices)
        return scales.body.square() * torch.ones(size, size, dtype=torch.float64) + (
            scales.interaction.square() * overlap
        )

    def between(self, body: Tensor, cell: Tensor, scales: Scales) -> Tensor:
        """Return the prior covariance of the candidates (``body[i]``, ``cell[i]``), (n, n)."""
        same = body[:, None] == body
        texts = self.text[body]
        alike = _matern(self.distances[texts[:, None], texts], scales)
        bodies = scales.shared * alike + (1.0 - scales.shared) * same
        own = self.own[body]
        here = cell[:, None], cell
        return (
            bodies * self.of_body(scales)[here]
            + self.between_cells(scales)[here]
            + scales.origin.square() * (own[:, None] == own)
            + scales.candidate.square() * (same & (cell[:, None] == cell))
        )

    def loadings(self, cell: Tensor, scales: Scales) -> Tensor:
        """Return how trials of these cells take part in each example's effects, (n, 1 + all choices).

        The first is the difficulty of the example, which all share; the others belong to the choices.
        """
        columns = [scales.example * torch.ones(len(cell), 1, dtype=torch.float64)]
        coordinates = self.choices.shape[1]
        for place in range(coordinates):
            values = self.choices[:, place] + 1  # unknown is a choice, too
            indicators = torch.nn.functional.one_hot(values)[cell]
            columns.append(scales.affinity / math.sqrt(coordinates) * indicators)
        return torch.cat(columns, dim=1)

    def _equal(self) -> Tensor:
        return self.choices[:, None, :] == self.choices[None, :, :]


def _matern(squared_distances: Tensor, scales: Scales) -> Tensor:
    """Return the Matern-5/2 correlation at these distances, with the length-scale ``reach``."""
    scaled = (5.0 * squared_distances.clamp_min(1e-12)).sqrt() / scales.reach
    return (1.0 + scaled + scaled.square() / 3.0) * torch.exp(-scaled)
