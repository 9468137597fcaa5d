"""Layers that compute in bfloat16 are near those that they replace, and float32 chooses the token."""

from typing import Any

import pytest
import torch
from tiny_models import ARCHITECTURES, embeddings, rows_of, uneven_model

from izcore_transformers.cpu_layers import processor
from izcore_transformers.cpu_layers.llama_kin import LLAMA_KIN
from izcore_transformers.cpu_layers.packed_blocks import PackedAttention
from izcore_transformers.cpu_layers.packed_linear import PackedLinear
from izcore_transformers.cpu_layers.packed_output import PackedOutput
from izcore_transformers.cpu_layers.packing import pack
from izcore_transformers.cpu_layers.prefix_attention import read_prefix_once
from izcore_transformers.decoding.batched_engine import decode

computes_bfloat16 = pytest.mark.skipif(
    not processor.bfloat16_instructions(), reason="this processor has neither AMX nor AVX512-BF16"
)


@computes_bfloat16
@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_models_with_bfloat16_layers_compute_nearly_the_same(architecture: str) -> None:
    model = uneven_model(architecture)
    whole = embeddings(9, seed=1).unsqueeze(0)
    with torch.inference_mode():
        expected = model(inputs_embeds=whole).logits
        assert pack(model, torch.bfloat16)
        logits = model(inputs_embeds=whole).logits
    assert logits.dtype == torch.float32
    error = (logits - expected).square().mean().sqrt() / expected.square().mean().sqrt()
    assert 0 < error < 0.03
    assert type(model.get_output_embeddings()) is PackedOutput


@computes_bfloat16
@pytest.mark.parametrize("architecture", sorted(LLAMA_KIN))
def test_a_row_writes_the_same_beside_others(architecture: str) -> None:
    model = uneven_model(architecture, sliding_window=None)
    assert read_prefix_once(model)
    assert pack(model, torch.bfloat16)
    assert PackedAttention in {type(module) for module in model.modules()}
    rows = rows_of([1, 9, 3, 3, 20, 1, 5])
    common: dict[str, Any] = {"prefix": embeddings(7, seed=99), "max_new_tokens": 20, "eos_token_ids": []}
    together = decode(model, rows=rows, batch_size=7, **common)
    assert together == [decode(model, rows=[row], batch_size=1, **common)[0] for row in rows]
    assert len({one.token_ids for one in together}) > 1


@computes_bfloat16
@pytest.mark.parametrize("bias", [True, False])
def test_the_highest_logits_of_an_output_layer_are_those_of_float32(bias: bool) -> None:
    torch.manual_seed(0)
    linear = torch.nn.Linear(24, 500, bias=bias).requires_grad_(False)
    batch = 4 + torch.randn(200, 24)
    expected, logits = linear(batch), PackedOutput(linear)(batch)
    highest = expected.topk(3).indices
    torch.testing.assert_close(logits.gather(-1, highest), expected.gather(-1, highest))
    torch.testing.assert_close(logits, expected, rtol=0.02, atol=0.1)
    rough = PackedLinear.of(linear, dtype=torch.bfloat16)(batch)
    assert (rough.argmax(-1) != highest[:, 0]).any(), "rounding must matter for this test to say anything"


@computes_bfloat16
def test_packed_weights_are_rounded_and_biases_are_not() -> None:
    linear = torch.nn.Linear(24, 40).requires_grad_(False)
    packed = PackedLinear.of(linear, dtype=torch.bfloat16)
    torch.testing.assert_close(packed.weight, linear.weight.bfloat16())
    torch.testing.assert_close(packed.bias, linear.bias, rtol=0, atol=0)
    assert packed(torch.randn(3, 24)).dtype == torch.float32


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ({"avx2": True}, ""),
        ({"avx512_bf16": True, "amx_bf16": False}, "AVX512-BF16"),
        ({"avx512_bf16": True, "amx_bf16": True}, "AMX"),
    ],
)
def test_instructions_are_those_that_the_processor_reports(
    flags: dict[str, bool], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processor, "has_packed_layers", lambda: True)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: flags, raising=False)
    assert processor.bfloat16_instructions() == expected
    monkeypatch.delattr(torch.cpu, "get_capabilities")
    assert processor.bfloat16_instructions() == ""
