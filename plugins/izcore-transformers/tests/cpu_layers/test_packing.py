"""Packed layers compute what the layers that they replace compute."""

import pytest
import torch
from tiny_models import ARCHITECTURES, embeddings, uneven_model

from izcore_transformers.cpu_layers.llama_kin import LLAMA_KIN
from izcore_transformers.cpu_layers.packed_blocks import PackedAttention, PackedGatedMLP
from izcore_transformers.cpu_layers.packed_linear import PackedLinear
from izcore_transformers.cpu_layers.packing import pack


@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_packed_models_compute_the_same(architecture: str) -> None:
    model = uneven_model(architecture)
    whole = embeddings(9, seed=1).unsqueeze(0)
    with torch.inference_mode():
        expected = model(inputs_embeds=whole).logits
        assert pack(model)
        torch.testing.assert_close(model(inputs_embeds=whole).logits, expected, rtol=1e-4, atol=1e-4)
    replaced = {type(module) for module in model.modules()}
    assert (PackedGatedMLP in replaced) == (architecture in LLAMA_KIN)
    assert PackedAttention not in replaced, "it is for models that read a shared prefix once"


def test_packed_layers_compute_the_same() -> None:
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(24, 40), torch.nn.GELU(), torch.nn.Linear(40, 8, bias=False))
    batch = torch.randn(3, 5, 24)
    with torch.inference_mode():
        expected = model(batch)
        weight = model.get_submodule("0").get_parameter("weight").clone()
        assert pack(model)
        assert not pack(model)
        torch.testing.assert_close(model(batch), expected)
        torch.testing.assert_close(model[0].weight, weight)
    assert [type(layer) for layer in model] == [PackedLinear, torch.nn.GELU, PackedLinear]


def test_half_precision_layers_are_left_alone() -> None:
    model = torch.nn.Sequential(torch.nn.Linear(4, 4)).to(torch.bfloat16)
    assert not pack(model)
    assert type(model[0]) is torch.nn.Linear
