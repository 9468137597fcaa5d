"""Draws values of all candidates from what is believed after the trials."""

from dataclasses import dataclass

import torch
from torch import Tensor

from izcore_botorch.linalg import cholesky
from izcore_botorch.structured.covariance import Scales, Structure
from izcore_botorch.structured.likelihood import Conditioned
from izcore_botorch.structured.observations import Observations


@dataclass(frozen=True)
class Posterior:
    """The Gaussian process after the trials; ``centre`` is the mean score, which values are told around."""

    structure: Structure
    scales: Scales
    observations: Observations
    conditioned: Conditioned
    centre: float

    def means(self) -> Tensor:
        """Return the mean of each sentence with each cell, (b, c)."""
        weights = self.conditioned.weights(self.conditioned.information.projection[:, None])
        return self.centre + self._spread(weights)[:, :, 0]

    def draw(self, count: int, exploration: float = 1.0) -> Tensor:
        """Return ``count`` joint draws of the values of all sentences with all cells, (b, c, count).

        A draw of the prior is moved by the weights that its difference from the data has (Matheron's rule;
        Wilson et al. 2020, equation 12), so that the cost is linear in the number of candidates. Deviations
        from the mean are ``exploration`` times as large as believed (posterior reshaping; Chapelle and Li
        2011, section 3): below 1 a search of few rounds gains more from what looks good already.
        """
        prior = exploration * self._draw_prior(count)
        precision = self.conditioned.information.precision
        tried = prior[self.observations.body, self.observations.cell]
        noise = cholesky(precision) @ torch.randn(len(precision), count, dtype=torch.float64)
        differing = precision @ tried + exploration * noise
        missing = self.conditioned.information.projection[:, None] - differing
        return self.centre + prior + self._spread(self.conditioned.weights(missing))

    def _draw_prior(self, count: int) -> Tensor:
        structure, scales = self.structure, self.scales
        bodies, cells = len(structure.text), len(structure.choices)
        texts = structure.texts(scales)
        of_text = _factor(texts) @ _normal(len(texts), cells * count)
        of_body = _normal(bodies, cells * count)
        bodily = scales.shared.sqrt() * of_text[structure.text] + (1.0 - scales.shared).sqrt() * of_body
        bodily = torch.einsum(
            "bcs,dc->bds", bodily.view(bodies, cells, count), _factor(structure.of_body(scales))
        )
        general = _factor(structure.between_cells(scales)) @ _normal(cells, count)
        origin = scales.origin * _normal(2, count)[structure.own.long()]
        alone = scales.candidate * _normal(bodies, cells, count)
        return bodily + general + origin[:, None, :] + alone

    def _spread(self, weights: Tensor) -> Tensor:
        """Return K(all candidates, tried candidates) ``weights``, (b, c, s), of weights (n, s)."""
        structure, scales = self.structure, self.scales
        bodies, cells, draws = len(structure.text), len(structure.choices), weights.shape[1]
        body, cell = self.observations.body, self.observations.cell
        table = torch.zeros(bodies * cells, draws, dtype=torch.float64)
        table = table.index_add(0, body * cells + cell, weights).view(bodies, cells, draws)
        through = torch.einsum("bcs,dc->bds", table, structure.of_body(scales))
        texts = len(structure.distances)
        by_text = torch.zeros(texts, cells, draws, dtype=torch.float64).index_add(0, structure.text, through)
        alike = (structure.texts(scales) @ by_text.view(texts, -1)).view(texts, cells, draws)
        bodily = scales.shared * alike[structure.text] + (1.0 - scales.shared) * through
        general = structure.between_cells(scales) @ table.sum(dim=0)
        by_origin = torch.zeros(2, draws, dtype=torch.float64).index_add(
            0, structure.own.long(), table.sum(dim=1)
        )
        origin = scales.origin.square() * by_origin[structure.own.long()]
        return bodily + general + origin[:, None, :] + scales.candidate.square() * table


def _factor(covariance: Tensor) -> Tensor:
    return cholesky(covariance + 1e-8 * torch.eye(len(covariance), dtype=torch.float64))


def _normal(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64)
