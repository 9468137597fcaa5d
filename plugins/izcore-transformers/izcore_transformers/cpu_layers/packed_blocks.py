"""The blocks of Llama and its kin with fewer and larger operations, made of packed linear layers."""

from typing import Any

import torch
from torch import Tensor, nn
from transformers.cache_utils import Cache

from izcore_transformers.cpu_layers.packed_linear import PackedLinear
from izcore_transformers.cpu_layers.prefix_attention import attend


class PackedAttention(nn.Module):
    """Computes what the attention block that it is made from computes.

    Queries, keys and values are one product, and queries and keys turn in one rotation. The block must be
    one to which :func:`~izcore_transformers.cpu_layers.prefix_attention.read_prefix_once` gave its attention.
    """

    def __init__(self, block: Any, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.layer_idx: int = block.layer_idx
        self.head_dim: int = block.head_dim
        self.scaling: float = block.scaling
        # transformers' own attention, which takes a call without a prefix, reads these of its module.
        self.num_key_value_groups: int = block.num_key_value_groups
        self.is_causal: bool = block.is_causal
        self.heads = block.q_proj.out_features // self.head_dim
        self.key_heads = block.k_proj.out_features // self.head_dim
        self.qkv_proj = PackedLinear.of(block.q_proj, block.k_proj, block.v_proj, dtype=dtype)
        self.o_proj: nn.Module = block.o_proj
        self.q_norm: nn.Module | None = getattr(block, "q_norm", None)
        self.k_norm: nn.Module | None = getattr(block, "k_norm", None)

    def forward(
        self,
        hidden_states: Tensor,
        position_embeddings: tuple[Tensor, Tensor],
        attention_mask: Tensor | None = None,
        past_key_values: Cache | None = None,
        **others: Any,
    ) -> tuple[Tensor, None]:
        """Return [rows, n, hidden] for ``hidden_states`` [rows, n, hidden], as transformers calls a block."""
        rows, n, _ = hidden_states.shape
        projected = self.qkv_proj(hidden_states).view(rows, n, -1, self.head_dim).transpose(1, 2)
        turning, values = projected.tensor_split([self.heads + self.key_heads], dim=1)
        turning = _rotated(self._normed(turning), *position_embeddings)
        queries, keys = turning.tensor_split([self.heads], dim=1)
        if past_key_values is not None:
            keys, values = past_key_values.update(keys, values, self.layer_idx)
        seen, _ = attend(self, queries, keys, values, attention_mask, scaling=self.scaling, **others)
        return self.o_proj(seen.reshape(rows, n, -1)), None

    def _normed(self, turning: Tensor) -> Tensor:
        if self.q_norm is None or self.k_norm is None:
            return turning
        queries, keys = turning.tensor_split([self.heads], dim=1)
        return torch.cat((self.q_norm(queries), self.k_norm(keys)), dim=1)


class PackedGatedMLP(nn.Module):
    """Computes what the feed-forward block that it is made from computes: down(silu(gate(x)) * up(x)).

    Activation and product are done where the layers write their results, which spares two passes over
    what is the largest of a layer's activations.
    """

    def __init__(self, block: Any) -> None:
        super().__init__()
        self.gate_proj: PackedLinear = block.gate_proj
        self.up_proj: PackedLinear = block.up_proj
        self.down_proj: nn.Module = block.down_proj

    def forward(self, batch: Tensor) -> Tensor:
        """Return [..., hidden] for ``batch`` [..., hidden]."""
        given = batch.to(self.gate_proj.dtype)
        gates = self.gate_proj.activated(given, "swish")
        result: Tensor = self.down_proj(self.up_proj.times(given, gates))
        return result.to(batch.dtype)


def _rotated(heads: Tensor, cosines: Tensor, sines: Tensor) -> Tensor:
    """Turn ``heads`` [rows, heads, n, size] by their positions' angles, [rows or 1, n, size] each.

    Su et al. 2021, https://arxiv.org/abs/2104.09864, with the halves of a head as the two coordinates.
    """
    first, second = heads.chunk(2, dim=-1)
    return heads * cosines.unsqueeze(1) + torch.cat((-second, first), dim=-1) * sines.unsqueeze(1)
