"""One model's forward pass, called the way that its signature allows."""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import PreTrainedModel
from transformers.cache_utils import Cache, DynamicCache, DynamicLayer, DynamicSlidingWindowLayer

from izcore.plugin import BackendError
from izcore_transformers.cpu_layers.prefix_attention import PREFIX_ATTENTION
from izcore_transformers.decoding.memory import memory_error, with_memory
from izcore_transformers.decoding.reserved_cache import ReservedLayer


@dataclass(frozen=True)
class Prefix:
    """What all rows begin with: its input ``embeddings`` [n, hidden], and its keys and values in each layer.

    ``apart``: rows look at keys and values where they are. Otherwise every row's cache begins with a copy.
    """

    embeddings: Tensor
    layers: Sequence[ReservedLayer]
    apart: bool

    @property
    def length(self) -> int:
        """Its number of tokens."""
        return len(self.embeddings)

    @property
    def copied(self) -> int:
        """The tokens of it that every row's cache holds."""
        return 0 if self.apart else self.length


class Runner:
    """Runs one model. Raises :class:`BackendError` for one that has a recurrent state."""

    def __init__(self, model: PreTrainedModel) -> None:
        kinds = {type(layer) for layer in DynamicCache(config=model.config).layers}
        if not kinds <= {DynamicLayer, DynamicSlidingWindowLayer}:
            raise BackendError(
                f"{type(model).__name__} remembers its text otherwise than as keys and values "
                f"({', '.join(sorted(kind.__name__ for kind in kinds))}), so that rows of different "
                "length cannot share a batch.",
                hint="Set the option engine = plain, or use a transformer model with ordinary attention.",
            )
        self._model = model
        self._accepted = frozenset(inspect.signature(model.forward).parameters)
        embedding = model.get_input_embeddings().weight
        self.device, self.dtype = embedding.device, embedding.dtype

    def prefix(self, embeddings: Tensor, max_new_tokens: int) -> Prefix:
        """Compute what rows share, ``embeddings`` [n, hidden] with n >= 0.

        Raises :class:`BackendError` if memory runs out, which names ``max_new_tokens``.
        """
        cache = with_memory(lambda: self._prefix_cache(embeddings))
        if cache is None:
            raise memory_error(self._model, len(embeddings), max_new_tokens)
        apart = bool(cache.layers) and self._model.config._attn_implementation == PREFIX_ATTENTION
        return Prefix(embeddings, cache.layers, apart)

    def _prefix_cache(self, embeddings: Tensor) -> Cache:
        cache = new_cache()
        if len(embeddings):
            self.prefill(cache, embeddings.unsqueeze(0), None)
        return cache

    def prefill(self, cache: Cache, batch: Tensor, prefix: Prefix | None) -> None:
        """Append ``batch`` [rows, n, hidden], which follows ``prefix``, to an otherwise empty ``cache``."""
        first = 0 if prefix is None else prefix.length
        positions = torch.arange(first, first + batch.shape[1], device=self.device).unsqueeze(0)
        inputs = {"inputs_embeds": batch.to(self.device, self.dtype)}
        self.forward(cache, inputs, positions.expand(batch.shape[0], -1), None, prefix)

    def forward(
        self,
        cache: Cache,
        inputs: dict[str, Tensor],
        positions: Tensor,
        mask: Tensor | None,
        prefix: Prefix | None,
        kept: int = 1,
    ) -> Tensor:
        """Append ``inputs``, and return the logits [rows, kept, vocabulary] after the last ``kept`` columns.

        ``inputs`` names tokens or embeddings as transformers does; ``positions`` are [rows, n]; ``mask``
        [rows, columns] is 1 where a row holds something, None where it does everywhere.
        """
        optional = {"position_ids": positions, "logits_to_keep": kept}
        extra = {name: value for name, value in optional.items() if name in self._accepted}
        if prefix is not None and prefix.apart:
            extra["shared_prefix"] = [(layer.keys, layer.values) for layer in prefix.layers]
        output = self._model(**inputs, **extra, attention_mask=mask, past_key_values=cache, use_cache=True)
        logits: Tensor = output.logits[:, -kept:]
        return logits


def new_cache() -> Cache:
    """Return an empty cache."""
    return Cache(layer_class_to_replicate=ReservedLayer)
