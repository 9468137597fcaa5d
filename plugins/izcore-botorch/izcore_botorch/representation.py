"""Candidates as points: the latent, the generator's hidden state, or the words of the instruction."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from izcore.plugin import Candidate, ConfigError
from izcore_botorch.history import Array
from izcore_botorch.options import On

WIDEST = 512
"""Columns beyond which a random projection, which keeps distances, comes before the principal components."""
_PROJECTION_SEED = 0
_NEVER_VARIES = 1e-9


def represent(candidates: Sequence[Candidate], on: On, dimensions: int) -> Tensor:
    """Return the ``candidates`` as float64 points, (n, k) with k at most ``dimensions`` or that of latents.

    ``latents`` are taken as they are. ``features`` are standardised, ``text`` is TF-IDF of the characters;
    both are reduced to principal components, the first with the largest variance, and scaled as a whole so
    that they spread as points of the unit cube do. Raises ConfigError where candidates have no features.
    """
    if on == "latents":
        return torch.tensor([candidate.latent for candidate in candidates], dtype=torch.float64)
    if on == "text":
        return text_components([candidate.instruction for candidate in candidates], dimensions)
    features = torch.from_numpy(hidden_states(candidates))
    deviation = features.std(dim=0, correction=0)
    return components(features / deviation.clamp_min(_NEVER_VARIES), dimensions)


def text_components(texts: Sequence[str], dimensions: int) -> Tensor:
    """Return ``texts`` as points of at most ``dimensions`` coordinates; one, 0, where all are blank."""
    if not any(text.strip() for text in texts):
        return torch.zeros((len(texts), 1), dtype=torch.float64)
    return components(_words(texts), dimensions)


def hidden_states(candidates: Sequence[Candidate]) -> Array:
    """Return the candidates' features, (n, f); raises ConfigError where there are none."""
    lengths = {len(candidate.features) for candidate in candidates}
    if len(lengths) != 1 or 0 in lengths:
        raise ConfigError(
            "The surrogate looks at the hidden states of the generator, and the generator gives none.",
            hint="Add --set generator.features=last_hidden (generator hf), or choose another surrogate.",
        )
    return np.array([candidate.features for candidate in candidates], dtype=np.float64)


def components(points: Tensor, dimensions: int) -> Tensor:
    """Return the first principal components of ``points`` (n, f), (n, k) with k <= ``dimensions``.

    Their variances add up to k / 12, as those of points all over the unit cube do.
    """
    if points.shape[1] > WIDEST:
        points = points @ torch.from_numpy(projection(points.shape[1]))
    points = points - points.mean(dim=0)
    _, directions = torch.linalg.eigh(points.T @ points)
    kept = points @ directions.flip(1)[:, : min(dimensions, *points.shape)]
    variance = kept.var(dim=0, correction=0).sum().clamp_min(_NEVER_VARIES)
    scaled: Tensor = kept * (kept.shape[1] / 12 / variance).sqrt()
    return scaled


def projection(columns: int) -> Array:
    """Return a fixed random matrix that keeps distances (Johnson-Lindenstrauss), (columns, WIDEST)."""
    rng = np.random.default_rng(_PROJECTION_SEED)
    projection: Array = rng.normal(size=(columns, WIDEST)) / np.sqrt(WIDEST)
    return projection


def _words(instructions: Sequence[str]) -> Tensor:
    """Return TF-IDF of the instructions' pieces of 2 to 4 characters within words, narrowed if it is wide."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    weights = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, lowercase=True)
    sparse = weights.fit_transform(instructions)
    wide = sparse.shape[1] > WIDEST
    return torch.from_numpy(sparse @ projection(sparse.shape[1]) if wide else sparse.toarray())
