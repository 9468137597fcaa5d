"""One prefix is read once for all rows where that is possible, and changes no text."""

from typing import Any

import pytest
import torch
from tiny_models import embeddings, one_at_a_time, rows_of, tiny_model, uneven_model

from izcore_transformers.cpu_layers.llama_kin import LLAMA_KIN
from izcore_transformers.cpu_layers.packed_blocks import PackedAttention
from izcore_transformers.cpu_layers.packing import pack
from izcore_transformers.cpu_layers.prefix_attention import read_prefix_once
from izcore_transformers.decoding.batched_engine import decode, read_prefix


@pytest.mark.parametrize("packed", [False, True], ids=["as loaded", "packed"])
@pytest.mark.parametrize("architecture", sorted(LLAMA_KIN))
def test_rows_that_look_at_one_prefix_write_what_each_writes_alone(architecture: str, packed: bool) -> None:
    model = uneven_model(architecture, sliding_window=None)
    prefix, rows = embeddings(7, seed=99), rows_of([1, 9, 3, 3, 20, 1, 5])
    expected = [one_at_a_time(model, torch.cat([prefix, row]), 30) for row in rows]
    assert read_prefix_once(model)
    if packed:
        assert pack(model)
        assert PackedAttention in {type(module) for module in model.modules()}
    common: dict[str, Any] = {"rows": rows, "max_new_tokens": 30, "eos_token_ids": [], "batch_size": 4}
    kept = read_prefix(model, prefix, 30)
    assert kept.copied == 0
    for shared in (prefix, kept, kept):
        assert [one.token_ids for one in decode(model, prefix=shared, **common)] == expected
    alone = [torch.cat([prefix, row]) for row in rows]
    whole = decode(model, prefix=None, **{**common, "rows": alone})
    assert [one.token_ids for one in whole] == expected
    assert len(set(expected)) > 1, "the model must tell its rows apart for this test to say anything"


@pytest.mark.parametrize(
    ("architecture", "attention", "dtype"),
    [
        ("mistral", None, torch.float32),  # sliding windows
        ("gpt2", None, torch.float32),
        ("llama", "eager", torch.float32),
        ("llama", None, torch.bfloat16),
    ],
)
def test_other_models_copy_the_prefix_to_every_row(
    architecture: str, attention: str | None, dtype: torch.dtype
) -> None:
    model = tiny_model(architecture, attention).to(dtype)  # type: ignore[arg-type]
    assert not read_prefix_once(model)
    assert read_prefix(model, embeddings(7, seed=99), 30).copied == 7
