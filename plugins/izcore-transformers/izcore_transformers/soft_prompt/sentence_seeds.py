"""Soft prompts that begin from the best instructions so far instead of from nothing."""

from collections.abc import Sequence

from torch import Tensor

from izcore.plugin import Latent, Trial
from izcore_transformers.models.loading import LoadedModel, embed_tokens
from izcore_transformers.soft_prompt.projection import latent_seed


def best_sentences(history: Sequence[Trial], count: int) -> list[str]:
    """Return at most ``count`` different sentences of the trials with the best objective, the best first.

    Trials that saw more examples come first, as they do among a run's finalists; of equals the earlier. A
    trial without any score has no part in it.
    """
    scored = [(trial.objective, trial) for trial in history if trial.objective is not None]
    ranked = sorted(scored, key=lambda pair: (-len(pair[1].known_scores), -pair[0], pair[1].index))
    return list(dict.fromkeys(trial.candidate.sentence for _, trial in ranked))[:count]


def embed_sentences(loaded: LoadedModel, sentences: Sequence[str], most_tokens: int) -> list[Tensor]:
    """Return the input embeddings [n, hidden] of each sentence's first ``most_tokens`` tokens; n >= 1."""
    tokens = [loaded.tokenizer(sentence, add_special_tokens=False)["input_ids"] for sentence in sentences]
    return [embed_tokens(loaded, ids[:most_tokens]) for ids in tokens if ids]


def offset_sentences(
    embedded: Sequence[Tensor], offsets: Tensor, latents: Sequence[Latent], seed: int
) -> list[Tensor]:
    """Return for each latent one of the sentences ``embedded``, its tokens moved by the latent's offset.

    ``offsets`` are [latents, soft_tokens, hidden]; a sentence that is longer goes through them again and
    again. Which sentence it is follows from the latent itself and ``seed``, so that a latent writes the same
    alone and in any batch.
    """
    moved = []
    for latent, offset in zip(latents, offsets, strict=True):
        sentence = embedded[latent_seed(seed, "sentence", latent) % len(embedded)]
        times = -(-len(sentence) // len(offset))
        repeated = offset.repeat(times, 1)[: len(sentence)]
        moved.append(sentence + repeated.to(sentence.device, sentence.dtype))
    return moved
