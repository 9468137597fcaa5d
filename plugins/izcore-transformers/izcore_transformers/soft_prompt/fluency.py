"""How likely a model finds a text, with nothing that steers it."""

from collections.abc import Sequence

import torch
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pad_sequence

from izcore_transformers.models.loading import LoadedModel

TEXTS_AT_A_TIME = 8  # bounds the logits, [texts, tokens, vocabulary], to a few dozen megabytes


@torch.inference_mode()
def mean_log_likelihoods(loaded: LoadedModel, texts: Sequence[str]) -> list[float]:
    """Return for each text the mean log-probability of its tokens, in nats, each given those before.

    The first token, which nothing precedes, is left out; a text of one token gets minus infinity.
    """
    # Sorted by length, so that texts of a batch need little padding.
    tokens = [torch.tensor(loaded.tokenizer(text)["input_ids"], dtype=torch.long) for text in texts]
    order = sorted(range(len(texts)), key=lambda index: len(tokens[index]))
    results = [float("-inf")] * len(texts)
    for first in range(0, len(order), TEXTS_AT_A_TIME):
        batch = [index for index in order[first : first + TEXTS_AT_A_TIME] if len(tokens[index]) > 1]
        if not batch:
            continue
        # Padding behind a text changes nothing before it, so the padding token does not matter.
        padded = pad_sequence([tokens[index] for index in batch], batch_first=True).to(loaded.device)
        logits = loaded.model(input_ids=padded[:, :-1], use_cache=False).logits
        losses = cross_entropy(logits.float().transpose(1, 2), padded[:, 1:], reduction="none").cpu()
        for row, index in enumerate(batch):
            results[index] = -float(losses[row, : len(tokens[index]) - 1].mean())
    return results
