"""The surrogate ``structured``: a request in, sentences and cells out. A pure function of its request."""

import logging
import random
from collections.abc import Sequence
from math import ceil

import numpy as np
import torch
from linear_operator.utils.errors import NanError, NotPSDError
from torch import Tensor

from izcore.plugin import (
    BackendContext,
    Candidate,
    Latent,
    SuggestRequest,
    SuggestResult,
    Surrogate,
    derive_seed,
    sobol_latents,
)
from izcore_botorch.distinct import first_of_pool, make_distinct
from izcore_botorch.options import StructuredOptions
from izcore_botorch.reproducible import reproducible
from izcore_botorch.structured.covariance import Structure
from izcore_botorch.structured.design import balanced_cells
from izcore_botorch.structured.fitting import FIT_TRIALS, error_variance, fit
from izcore_botorch.structured.likelihood import Conditioned, inform
from izcore_botorch.structured.observations import Cell, Observations, cell_of, observe
from izcore_botorch.structured.posterior import Posterior
from izcore_botorch.structured.texts import squared_distances

_log = logging.getLogger(__name__)

LATENTS_COMPARED = 256
"""New latents that are compared where the model foretells something from them."""


class Structured(Surrogate):
    """Learns across candidates: sentences that read alike and share choices score alike."""

    def __init__(self, options: StructuredOptions, context: BackendContext) -> None:
        self._options = options

    def suggest(self, request: SuggestRequest) -> SuggestResult:
        """Return what to ask next: sentences at hand with other choices, and new sentences with some.

        Until the initial design is complete and some trial has a score, new sentences are crossed with the
        cells in a balanced design. From then on each suggestion is the best candidate of a draw from the
        posterior (Thompson sampling), of those that were not tried and not suggested; a share of them are
        new sentences whatever the draw says, so that the search never runs out of them.
        """
        observations = observe(request, self._options.max_trials)
        if len(observations) and len(request.history) >= request.initial and request.count > 0:
            with reproducible(request.seed):
                try:
                    return self._learned(observations, request)
                except (NanError, NotPSDError) as error:
                    _log.info("no model of %d trials (%s); a design instead", len(observations), error)
        if request.pool:
            return SuggestResult(latents=first_of_pool(request))
        return self._designed(observations, request)

    def _designed(self, observations: Observations, request: SuggestRequest) -> SuggestResult:
        """Return new sentences, each crossed with several cells; where there are none, latents alone."""
        if not request.coordinates:
            return SuggestResult(latents=make_distinct(np.empty((0, request.latent_dim)), request))
        crossing = min(self._options.crossing, observations.askable)
        met = [observations.cells[cell] for cell in observations.cell.tolist()]
        seed = derive_seed(request.seed, "design")
        askable = observations.cells[: observations.askable]
        cells = balanced_cells(askable, request.count, crossing, met, seed)
        written = _new_latents(ceil(request.count / crossing), request)
        latents = [
            (*written[number // crossing], *numbers_of(cell, request)) for number, cell in enumerate(cells)
        ]
        return SuggestResult(latents=tuple(latents), bodies=(None,) * len(latents))

    def _learned(self, observations: Observations, request: SuggestRequest) -> SuggestResult:
        placed = self._options.on == "latents"
        new = (
            ()
            if request.pool
            else _new_latents(max(request.count, LATENTS_COMPARED if placed else 0), request)
        )
        posterior = believe(observations, self._structure(observations, new, request.seed))
        values = posterior.draw(request.count, self._options.exploration)
        known = len(observations.bodies)
        open_ = _askable(observations, request, len(new))
        chosen: list[tuple[int, int]] = []
        for number in range(request.count):
            compared = open_.clone()
            if not placed and new:
                compared[known:] = False
                compared[known + number] = open_[known + number]
            if new and number < ceil(self._options.new * request.count):
                compared[:known] = False
            best = int(values[:, :, number].masked_fill(~compared, -torch.inf).argmax())
            body, cell = divmod(best, open_.shape[1])
            open_[body, cell] = False
            chosen.append((body, cell))
        return _answer(chosen, observations, new, request)

    def _structure(self, observations: Observations, new: Sequence[Latent], seed: int) -> Structure:
        """Return how the bodies, and as many new sentences as there are ``new`` latents, are related.

        What a new sentence will say is only known to be like what was written so far, so it is taken to read
        like one of those, drawn at random; unless its latent tells.
        """
        bodies = list(observations.bodies)
        own = [not body.latent for body in bodies]
        text = list(range(len(bodies)))
        if self._options.on == "latents":
            text += range(len(bodies), len(bodies) + len(new))
            bodies += [Candidate(latent=latent, instruction="") for latent in new]
        else:
            draw = random.Random(derive_seed(seed, "new"))
            written = [number for number, its_own in enumerate(own) if not its_own] or text
            text = text + [draw.choice(written) for _ in new]
        return Structure(
            distances=squared_distances(bodies, self._options.on),
            text=torch.tensor(text),
            own=torch.tensor(own + [False] * len(new)),
            choices=observations.choices,
        )


def believe(observations: Observations, structure: Structure) -> Posterior:
    """Return the Gaussian process after the trials, its hyperparameters fitted.

    The errors' variances come from the trials' own scores, then once more from what the model takes their
    values to be.
    """
    centre = float(observations.scores[observations.seen].mean())
    expected = torch.full((len(observations),), centre, dtype=torch.float64)
    fitted_on = observations.thinned(FIT_TRIALS)
    noise = error_variance(fitted_on, expected[: len(fitted_on)])
    scales = fit(fitted_on, structure, noise, centre)
    prior = structure.between(observations.body, observations.cell, scales)
    loadings = structure.loadings(observations.cell, scales)
    residuals = (observations.scores - centre) * observations.seen
    for _ in range(2):
        noise = error_variance(observations, expected)
        information = inform(residuals, observations.seen, noise, loadings)
        conditioned = Conditioned.on(prior, information)
        expected = centre + (prior @ conditioned.weights(information.projection[:, None]))[:, 0]
    return Posterior(structure, scales, observations, conditioned, centre)


def numbers_of(cell: Cell, request: SuggestRequest) -> Latent:
    """Return the numbers in a latent that stand for a cell: the middle of each choice's share."""
    return tuple(
        (value + 0.5) / len(choices.values) for value, choices in zip(cell, request.coordinates, strict=True)
    )


def _new_latents(count: int, request: SuggestRequest) -> tuple[Latent, ...]:
    return sobol_latents(count, request.latent_dim - len(request.coordinates), request.seed)


def _askable(observations: Observations, request: SuggestRequest, new: int) -> Tensor:
    """Return which sentences may be completed with which cells, (bodies + new, cells).

    They are those that were not tried, and those that may be scored on more examples.
    """
    known = len(observations.bodies)
    may_see_more = torch.zeros(known + new, len(observations.cells), dtype=torch.bool)
    bodies = {body.sentence: number for number, body in enumerate(observations.bodies)}
    cells = {cell: number for number, cell in enumerate(observations.cells)}
    if request.pool:
        for candidate in request.pool:
            may_see_more[bodies[candidate.sentence], cells[cell_of(candidate, request)]] = True
        return may_see_more
    may_see_more[: len(request.bodies), : observations.askable] = True
    may_see_more[known:, : observations.askable] = True
    for trial in (*request.history, *request.unplaced):
        cell = cells.get(cell_of(trial.candidate, request))
        body = bodies.get(trial.candidate.sentence)
        if cell is not None and body is not None and len(trial.scores) >= request.examples:
            may_see_more[body, cell] = False
    return may_see_more


def _answer(
    chosen: Sequence[tuple[int, int]],
    observations: Observations,
    new: Sequence[Latent],
    request: SuggestRequest,
) -> SuggestResult:
    if request.pool:
        members = {(c.sentence, cell_of(c, request)): c.latent for c in request.pool}
        return SuggestResult(
            latents=tuple(
                members[observations.bodies[body].sentence, observations.cells[cell]] for body, cell in chosen
            )
        )
    known = len(observations.bodies)
    latents: list[Latent] = []
    for number, (body, cell) in enumerate(chosen):
        written = new[body - known] if body >= known else observations.bodies[body].latent
        latents.append((*(written or new[number]), *numbers_of(observations.cells[cell], request)))
    bodies = tuple(body if body < known else None for body, _ in chosen)
    return SuggestResult(
        latents=tuple(latents), bodies=bodies if request.coordinates or request.examples else ()
    )
