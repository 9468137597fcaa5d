"""Turns a request into tables: the sentences and cells that there are, and what each trial scored."""

import itertools
import math
import random
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec
import torch
from torch import Tensor

from izcore.plugin import Candidate, SuggestRequest, Trial

Cell = tuple[int, ...]
"""One choice of each coordinate, by its place among the values; UNKNOWN where a candidate names none."""

UNKNOWN = -1

MOST_CELLS = 128
"""Of more cells than this a random draw is looked at in each suggestion."""


@dataclass(frozen=True)
class Observations:
    """What was tried of bodies × cells, and what it scored.

    ``bodies`` are distinct sentences: first those of the request, in its order, then others that trials have.
    ``cells`` are what they can be completed with; the first ``askable`` of them can be asked for. Trial i
    completes body ``body[i]`` with cell ``cell[i]``; its objective on validation example j is
    ``scores[i, j]`` where ``seen[i, j]``, elsewhere 0. Trials that reuse another's scores are left out.
    """

    bodies: tuple[Candidate, ...]
    cells: tuple[Cell, ...]
    askable: int
    body: Tensor
    cell: Tensor
    scores: Tensor
    seen: Tensor

    def __len__(self) -> int:
        return len(self.body)

    @property
    def choices(self) -> Tensor:
        """The cells as a table of integers, (cells, coordinates)."""
        return torch.tensor(self.cells, dtype=torch.int64).reshape(len(self.cells), -1)

    def thinned(self, most: int) -> "Observations":
        """Return at most ``most`` of the trials, spread evenly over time."""
        if len(self) <= most:
            return self
        kept = torch.linspace(0, len(self) - 1, most).round().long()
        return Observations(
            bodies=self.bodies,
            cells=self.cells,
            askable=self.askable,
            body=self.body[kept],
            cell=self.cell[kept],
            scores=self.scores[kept],
            seen=self.seen[kept],
        )


def observe(request: SuggestRequest, max_trials: int) -> Observations:
    """Return what the trials of ``request`` tell: all that have a score, wherever their sentence is from.

    Of more than ``max_trials`` those that saw the most examples are kept, of equals the latest.
    """
    trials = _first_of_each(sorted((*request.unplaced, *request.history), key=lambda trial: trial.index))
    if len(trials) > max_trials:
        ranked = sorted(trials, key=lambda trial: (-len(trial.known_scores), -trial.index))
        trials = sorted(ranked[:max_trials], key=lambda trial: trial.index)
    written = _distinct_bodies(request, trials)
    tried = [cell_of(trial.candidate, request) for trial in trials]
    askable = _askable_cells(request)
    written_before = (cell_of(candidate, request) for candidate in request.pool)
    cells = {cell: number for number, cell in enumerate(dict.fromkeys((*askable, *tried, *written_before)))}
    places = {sentence: number for number, sentence in enumerate(written)}
    width = max((len(trial.scores) for trial in trials), default=0)
    scores = torch.tensor([_row(trial, width) for trial in trials], dtype=torch.float64).reshape(
        len(trials), width
    )
    return Observations(
        bodies=tuple(written.values()),
        cells=tuple(cells),
        askable=len(askable),
        body=torch.tensor([places[trial.candidate.sentence] for trial in trials], dtype=torch.int64),
        cell=torch.tensor([cells[cell] for cell in tried], dtype=torch.int64),
        scores=scores.nan_to_num(0.0),
        seen=~scores.isnan(),
    )


def cell_of(candidate: Candidate, request: SuggestRequest) -> Cell:
    """Return the places of a candidate's choices among those that the request offers."""
    chosen = dict(candidate.coordinates)
    return tuple(
        choices.values.index(chosen[choices.name]) if chosen.get(choices.name) in choices.values else UNKNOWN
        for choices in request.coordinates
    )


def _first_of_each(trials: Iterable[Trial]) -> list[Trial]:
    """Return the first trial of each guidance that has a score."""
    scored = [trial for trial in trials if any(_is_number(score) for score in trial.scores)]
    return list({trial.candidate.guidance: trial for trial in reversed(scored)}.values())[::-1]


def _distinct_bodies(request: SuggestRequest, trials: list[Trial]) -> dict[str, Candidate]:
    found: dict[str, Candidate] = {}
    for candidate in (*request.bodies, *(trial.candidate for trial in trials), *request.pool):
        latent = candidate.latent[: request.latent_dim - len(request.coordinates)]
        found.setdefault(candidate.sentence, msgspec.structs.replace(candidate, latent=latent))
    return found


def _askable_cells(request: SuggestRequest) -> list[Cell]:
    sizes = [len(choices.values) for choices in request.coordinates]
    if math.prod(sizes) <= MOST_CELLS:
        return list(itertools.product(*map(range, sizes)))
    draw = random.Random(request.seed)
    drawn = (tuple(draw.randrange(size) for size in sizes) for _ in range(MOST_CELLS))
    return list(dict.fromkeys(drawn))


def _row(trial: Trial, width: int) -> list[float]:
    known = [
        score - trial.penalty if score is not None and _is_number(score) else math.nan
        for score in trial.scores
    ]
    return known + [math.nan] * (width - len(known))


def _is_number(score: float | None) -> bool:
    return score is not None and math.isfinite(score)
