"""Replaces what a model is made of by what computes the same in less time on this processor."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel
from transformers.activations import SiLUActivation

from izcore_transformers.cpu_layers.llama_kin import LLAMA_KIN
from izcore_transformers.cpu_layers.packed_blocks import PackedAttention, PackedGatedMLP
from izcore_transformers.cpu_layers.packed_linear import PackedLinear
from izcore_transformers.cpu_layers.packed_output import PackedOutput
from izcore_transformers.cpu_layers.prefix_attention import PREFIX_ATTENTION
from izcore_transformers.cpu_layers.processor import has_packed_layers

PROJECTIONS = ("q_proj", "k_proj", "v_proj")
ATTENTION = {*PROJECTIONS, "o_proj"}
NORMED_ATTENTION = {*ATTENTION, "q_norm", "k_norm"}
"""What the attention block of Llama and its kin consists of."""

GATED = {"gate_proj", "up_proj", "down_proj", "act_fn"}
"""What their feed-forward block consists of."""


def pack(model: nn.Module, dtype: torch.dtype = torch.float32) -> bool:
    """Pack the linear layers of ``model`` in place, and say whether there were any to pack.

    Only float32 layers on an x86 cpu are packed: elsewhere nothing is gained. Their unpacked weights are
    freed, but for those that another module shares, such as a tied embedding. Blocks of Llama and its kin
    are replaced whole, attention where it reads a shared prefix once. A second call does nothing.

    The layers compute in ``dtype``, float32 or bfloat16. Between them all stays float32: norms, rotation,
    softmax, keys and values, and the choice of the likeliest token.
    """
    if not has_packed_layers():
        return False
    config = getattr(model, "config", None)
    replaced = 0
    if dtype != torch.float32 and isinstance(model, PreTrainedModel):
        head = model.get_output_embeddings()
        replaced += _replace(model, lambda module: module is head and _is_packable(head), PackedOutput)
    if getattr(config, "_attn_implementation", "") == PREFIX_ATTENTION:
        _replace(model, _is_attention, partial(PackedAttention, dtype=dtype))
    replaced += _replace(model, _is_packable, partial(PackedLinear.of, dtype=dtype))
    if getattr(config, "model_type", "") in LLAMA_KIN:
        _replace(model, _is_packed_gated, PackedGatedMLP)
    return replaced > 0


def _replace(
    model: nn.Module, wanted: Callable[[nn.Module], bool], packed: Callable[[Any], nn.Module]
) -> int:
    """Put ``packed`` of each ``wanted`` module within ``model`` in its place, and return their number."""
    places = [
        (parent, name, child)
        for parent in model.modules()
        for name, child in parent.named_children()
        if wanted(child)
    ]
    for parent, name, child in places:
        setattr(parent, name, packed(child))
    return len(places)


def _is_packable(module: nn.Module) -> bool:
    return (
        type(module) is nn.Linear
        and module.weight.device.type == "cpu"
        and module.weight.dtype == torch.float32
        and not hasattr(module, "_hf_hook")  # accelerate moves this layer about
    )


def _is_attention(module: nn.Module) -> bool:
    parts = dict(module.named_children())
    return parts.keys() in (ATTENTION, NORMED_ATTENTION) and all(
        _is_packable(parts[name]) for name in PROJECTIONS
    )


def _is_packed_gated(module: nn.Module) -> bool:
    parts = dict(module.named_children())
    return (
        parts.keys() == GATED
        and isinstance(parts["act_fn"], SiLUActivation)
        and all(isinstance(parts[name], PackedLinear) for name in ("gate_proj", "up_proj"))
    )
