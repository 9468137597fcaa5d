"""Preimages, the latents that wrote the same instruction, and a first choice of instructions by them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from izcore.plugin import Candidate, Guidance, SuggestRequest


@dataclass(frozen=True)
class Preimages:
    """All latents that are known to write something, and which of them write the same.

    ``members`` are candidates, each with a latent of its own; ``places`` holds for each distinct guidance the
    places of those that have it, in order of first appearance.
    """

    members: tuple[Candidate, ...]
    places: dict[Guidance, list[int]]

    @classmethod
    def of(cls, tried: Iterable[Candidate], request: SuggestRequest) -> "Preimages":
        """Gather what was ``tried``, what may be chosen, and what else the pool's latents wrote."""
        distinct = {(c.latent, c.guidance): c for c in (*tried, *request.pool, *request.written)}
        places: dict[Guidance, list[int]] = {}
        for place, candidate in enumerate(distinct.values()):
            places.setdefault(candidate.guidance, []).append(place)
        return cls(tuple(distinct.values()), places)


def coverage_design(
    points: Tensor, candidates: Sequence[Sequence[int]], count: int, known: Sequence[int] = ()
) -> list[int]:
    """Return which of the ``candidates`` to try first, at most ``count``, in the order of choice.

    Each candidate is a preimage: the places in ``points`` (n, k) of its members. ``known`` are the places of
    what is tried already. Preimages are taken one by one. The next is the one with the highest sum of its
    size, as a share of the largest left, and of 1 - MMD² / max MMD², where MMD² compares all points with the
    members of what was chosen and of that preimage, and the maximum is over the preimages left (PRESTO, arXiv
    2510.25808: preimage-based initialisation). MMD² is the unbiased estimate (Gretton et al. 2012, eq. 3),
    negative ones taken for 0, under exp(-d² / 2h), h the median of squared distances between points.
    """
    if not candidates:
        return []
    kernel = _gaussian_kernel(points)
    total = len(points)
    members = torch.zeros((len(candidates), total), dtype=points.dtype)
    for row, places in zip(members, candidates, strict=True):
        row[list(places)] = 1.0
    sizes = members.sum(1)
    spread = (kernel.sum() - total) / max(total * (total - 1), 1)
    to_all = members @ kernel.mean(1)
    within = ((members @ kernel) * members).sum(1)
    union = torch.zeros(total, dtype=points.dtype)
    union[list(known)] = 1.0
    free = torch.ones(len(candidates), dtype=torch.bool)
    chosen: list[int] = []
    for _ in range(min(count, len(candidates))):
        size = union.sum() + sizes
        inner = union @ kernel @ union + 2 * members @ (kernel @ union) + within
        # One point alone has no pair; it is as like itself as can be.
        among = ((inner - size) / (size * (size - 1))).where(size > 1, 1.0)
        to_others = (kernel.mean(1) @ union + to_all) / size
        discrepancy = (spread + among - 2 * to_others).clamp_min(0.0)
        largest = discrepancy[free].max()
        closeness = 1 - discrepancy / largest if largest > 0 else torch.zeros_like(discrepancy)
        score = sizes / sizes[free].max() + closeness
        best = int(score.where(free, -torch.inf).argmax())
        free[best] = False
        chosen.append(best)
        union = union + members[best]
    return chosen


def _gaussian_kernel(points: Tensor) -> Tensor:
    squared = torch.cdist(points, points).square()
    apart = squared[~torch.eye(len(points), dtype=torch.bool)]
    scale = float(apart.median()) if len(apart) else 0.0
    return torch.exp(-squared / (2 * scale)) if scale > 0 else torch.ones_like(squared)
