"""Attention of many rows over one shared prefix, whose keys and values are read once for all of them.

Rows that begin alike would otherwise each hold a copy of the prefix, and every step would read all copies
from memory, which is most of what attention costs on a cpu. The mathematics is that of softmax attention
over prefix and row together; only sums are rounded differently. (Juravsky et al. 2024, "Hydragen",
https://arxiv.org/abs/2402.05099, computes the two parts apart in the same way.)
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask
from transformers.modeling_utils import AttentionInterface

from izcore_transformers.cpu_layers.llama_kin import LLAMA_KIN

PREFIX_ATTENTION = "izcore_prefix"
"""The name under which transformers knows this attention."""

KeysValues = tuple[Tensor, Tensor]
"""Keys and values [1, key heads, columns, size] of one layer."""


def read_prefix_once(model: PreTrainedModel) -> bool:
    """Give ``model`` this attention in place of PyTorch's own, and return whether it has it.

    Only on a cpu, and not in half precision: elsewhere it was not measured, and there PyTorch's fused
    kernels round less. Only without sliding windows, in which rows see but a part of the prefix.
    """
    config = model.config
    if config._attn_implementation == PREFIX_ATTENTION:
        return True
    embedding = model.get_input_embeddings().weight
    if (
        config.model_type not in LLAMA_KIN
        or config._attn_implementation != "sdpa"
        or "sliding_attention" in (getattr(config, "layer_types", None) or ())
        or getattr(config, "sliding_window", None) is not None
        or embedding.device.type != "cpu"
        or torch.finfo(embedding.dtype).bits < 32
    ):
        return False
    AttentionInterface.register(PREFIX_ATTENTION, attend)
    AttentionMaskInterface.register(PREFIX_ATTENTION, sdpa_mask)
    model.set_attn_implementation(PREFIX_ATTENTION)
    return True


def attend(
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    shared_prefix: Sequence[KeysValues] | None = None,
    **others: Any,
) -> tuple[Tensor, None]:
    """Return [rows, queries, heads, size]: the attention of each row over the prefix and its own text.

    ``query`` is [rows, heads, queries, size]; ``key`` and ``value``, [rows, key heads, columns, size], hold
    the rows' own text, and ``attention_mask``, [rows, 1, queries, columns], is True where a query may look.
    ``shared_prefix`` has an entry for each layer; without it this is transformers' own attention.
    """
    if shared_prefix is None:
        return sdpa_attention_forward(  # type: ignore[no-any-return]
            module, query, key, value, attention_mask, scaling=scaling, **others
        )
    layer: Any = module  # which knows its number
    prefix_key, prefix_value = (part[0] for part in shared_prefix[layer.layer_idx])
    rows, heads, queries, size = query.shape
    key_heads, columns, prefix = key.shape[1], key.shape[2], prefix_key.shape[1]
    # All queries of one key head are rows of one matrix: those of its query heads, and for the prefix
    # those of all rows.
    asked = (query * (size**-0.5 if scaling is None else scaling)).reshape(rows, key_heads, -1, size)
    scores = query.new_empty(rows, key_heads, asked.shape[2], prefix + columns)
    scores[..., :prefix] = _over_rows(asked, prefix_key.transpose(1, 2))
    scores[..., prefix:] = asked @ key.transpose(2, 3)
    hidden = _hidden(attention_mask, queries, columns, query)
    if hidden is not None:
        own = scores.view(rows, key_heads, -1, queries, prefix + columns)[..., prefix:]
        own.masked_fill_(hidden.unsqueeze(2), -torch.inf)
    weights = scores.softmax(dim=-1)
    seen = _over_rows(weights[..., :prefix], prefix_value) + weights[..., prefix:] @ value
    return seen.reshape(rows, heads, queries, size).transpose(1, 2), None


def _over_rows(given: Tensor, matrices: Tensor) -> Tensor:
    """Return [rows, heads, n, out]: ``given`` [rows, heads, n, in] times each head's matrix [in, out]."""
    rows, heads, count, _ = given.shape
    product = given.transpose(0, 1).reshape(heads, rows * count, -1) @ matrices
    return product.view(heads, rows, count, -1).transpose(0, 1)


def _hidden(mask: Tensor | None, queries: int, columns: int, like: Tensor) -> Tensor | None:
    """Return where, [rows or 1, 1, queries, columns], a query may not look; None if it may everywhere."""
    if mask is not None:
        return ~mask
    if queries == 1:
        return None
    # As transformers means it: the queries are the last columns, and see what is before them.
    return torch.ones(queries, columns, dtype=torch.bool, device=like.device).triu(columns - queries + 1)[
        None, None
    ]
