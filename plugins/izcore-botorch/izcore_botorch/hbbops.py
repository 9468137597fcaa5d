"""HbBoPs (arXiv 2412.07820): which instruction with which exemplars, by a deep kernel on both texts."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from izcore.plugin import BackendContext, Candidate, ConfigError, SuggestRequest, Trial, derive_seed
from izcore_botorch.acquisition import get_acquisition_function
from izcore_botorch.deep_kernel import belief_of, fit_deep_kernel
from izcore_botorch.encoder import Encoder
from izcore_botorch.history import FLAT, Observations
from izcore_botorch.options import HbbopsOptions
from izcore_botorch.pool import PoolSurrogate
from izcore_botorch.representation import represent, text_components
from izcore_botorch.search import choose_among


class Hbbops(PoolSurrogate[HbbopsOptions]):
    """``hbbops``: expected improvement over the pool, learned from those that saw the most examples."""

    name = "hbbops"

    def __init__(self, options: HbbopsOptions, context: BackendContext) -> None:
        super().__init__(options, context)
        if options.encoder and options.on != "text":
            raise ConfigError(
                f"surrogate.encoder: it reads texts, and surrogate.on is {options.on}.",
                hint="Add --set surrogate.on=text, or name no encoder.",
            )
        self._encoder = Encoder(options.encoder) if options.encoder else None

    def _check(self, request: SuggestRequest) -> None:
        super()._check(request)
        if self._encoder is not None:
            self._encoder.load()

    def _choose(self, observations: Observations, request: SuggestRequest) -> list[int]:
        trials = request.history
        if self._options.on == "text":
            # The user's own prompts and an earlier run's have no latent; a text they have.
            trials = (*trials, *request.unplaced)
        learned, scores = most_seen(trials, self._options.least)
        if len(learned) < self._options.least or scores.std() < FLAT:
            return list(range(request.count))
        learned, scores = learned[-self._options.max_trials :], scores[-self._options.max_trials :]
        values = torch.from_numpy((scores - scores.mean()) / max(scores.std(ddof=1), FLAT))
        candidates = [*(trial.candidate for trial in learned), *request.pool]
        instruction, exemplars = self._halves(candidates)
        known = len(learned)
        kernel = fit_deep_kernel(
            instruction[:known],
            exemplars[:known],
            values,
            steps=self._options.steps,
            patience=self._options.patience,
            learning_rate=self._options.learning_rate,
        )
        places = kernel.latent(instruction, exemplars)
        acquisition = get_acquisition_function("ei", belief_of(kernel, places[:known], values), None)
        rng = np.random.default_rng(derive_seed(request.seed, "interleaving"))
        guided = request.count - rng.binomial(request.count, self._options.interleaving)
        chosen = choose_among(places[known:].numpy(), acquisition, guided, greedy=True)
        others = rng.permutation(sorted({*range(len(request.pool))} - {*chosen}))
        return [*chosen, *others[: request.count - guided].tolist()]

    def _halves(self, candidates: Sequence[Candidate]) -> tuple[Tensor, Tensor]:
        """Return instructions and exemplars as points, one row per candidate each."""
        shown = [exemplar_text(candidate) for candidate in candidates]
        if self._encoder is not None:
            written = [candidate.instruction for candidate in candidates]
            return self._encoder.points(written), self._encoder.points(shown)
        dimensions = self._options.dimensions
        return represent(candidates, self._options.on, dimensions), text_components(shown, dimensions)


def exemplar_text(candidate: Candidate) -> str:
    """Return the solved examples that a candidate shows, as one text; empty where it shows none."""
    return "\n\n".join(f"{each.full_input}\n{each.targets[0]}" for each in candidate.exemplars)


def most_seen(trials: Sequence[Trial], least: int) -> tuple[list[Trial], np.ndarray]:
    """Return the trials with the most examples in common that at least ``least`` of them saw, and scores.

    These are the means over those examples, less the penalty, (n,): all are compared on the same. Where no
    number of examples was seen by so many, what all saw counts.
    """
    sizes = sorted({len(trial.scores) for trial in trials}, reverse=True)
    for size in sizes:
        reached = [trial for trial in trials if len(trial.scores) >= size and _known(trial, size)]
        if len(reached) >= least or size == sizes[-1]:
            break
    means = [float(np.mean(_known(trial, size))) - trial.penalty for trial in reached]
    return reached, np.array(means, dtype=np.float64)


def _known(trial: Trial, size: int) -> list[float]:
    return [score for score in trial.scores[:size] if score is not None]
