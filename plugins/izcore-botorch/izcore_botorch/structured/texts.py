"""How far sentences lie apart: by their words, their hidden states, or the latents that wrote them."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from izcore.plugin import Candidate
from izcore_botorch.history import Array
from izcore_botorch.options import On
from izcore_botorch.representation import WIDEST, projection

_NOWHERE = 1e6
"""Squared distance from anything else of a sentence without a latent, or without hidden states."""

_USUAL = 1.4
"""Mean squared distance that latents and hidden states are scaled to; that of texts that share a third."""


def squared_distances(candidates: Sequence[Candidate], on: On) -> Tensor:
    """Return the squared distances between the candidates' bodies, (n, n).

    Of ``text`` that is 2 - 2 cos, the mean of two cosines: of TF-IDF weights of words and pairs of words, and
    of pieces of 2 to 4 characters.
    """
    if on == "text":
        return _between_texts([candidate.sentence for candidate in candidates])
    points = [candidate.latent if on == "latents" else candidate.features for candidate in candidates]
    placed = torch.tensor([bool(point) for point in points])
    distances = torch.full((len(points), len(points)), _NOWHERE, dtype=torch.float64)
    distances.fill_diagonal_(0.0)
    if placed.any():
        between = _scaled(torch.tensor([point for point in points if point], dtype=torch.float64))
        distances[placed.nonzero(), placed.nonzero().T] = between
    return distances


def _scaled(points: Tensor) -> Tensor:
    deviation = points.std(dim=0, correction=0)
    between = torch.cdist(points / deviation.clamp_min(1e-9), points / deviation.clamp_min(1e-9)).square()
    scaled: Tensor = between * (_USUAL / between.mean().clamp_min(1e-9))
    return scaled


def _between_texts(texts: list[str]) -> Tensor:
    similar = torch.zeros(len(texts), len(texts), dtype=torch.float64)
    for analyzer, lengths, pattern in (("word", (1, 2), r"(?u)\b\w+\b"), ("char_wb", (2, 4), None)):
        rows = torch.from_numpy(_weights(texts, analyzer, lengths, pattern))
        rows = rows / rows.norm(dim=1, keepdim=True).clamp_min(1e-9)
        similar += 0.5 * rows @ rows.T
    distances = (2.0 - 2.0 * similar).clamp_min(0.0)
    distances.fill_diagonal_(0.0)
    return distances


def _weights(texts: list[str], analyzer: str, lengths: tuple[int, int], pattern: str | None) -> Array:
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(
        analyzer=analyzer, ngram_range=lengths, token_pattern=pattern, sublinear_tf=True
    )
    try:
        sparse = vectorizer.fit_transform(texts)
    except ValueError:  # no text has a word in it
        return np.zeros((len(texts), 1))
    wide = sparse.shape[1] > WIDEST
    dense: Array = sparse @ projection(sparse.shape[1]) if wide else sparse.toarray()
    return dense
