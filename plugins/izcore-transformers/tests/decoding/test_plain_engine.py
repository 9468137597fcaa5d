"""The plain engine, which is transformers' own way, and the batched one write the same."""

from typing import Any

import pytest
import torch
from tiny_models import VOCABULARY, embeddings, one_at_a_time, rows_of, tiny_model
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

from izcore.plugin import BackendError
from izcore_transformers.cpu_layers.packing import pack
from izcore_transformers.cpu_layers.prefix_attention import read_prefix_once
from izcore_transformers.decoding import batched_engine, plain_engine
from izcore_transformers.decoding.engines import ENGINES
from izcore_transformers.decoding.sampling import Sampling


def quickened(model: PreTrainedModel) -> PreTrainedModel:
    assert read_prefix_once(model)
    assert pack(model)
    return model


def test_both_engines_write_drawn_and_likeliest_rows_to_the_same_ends() -> None:
    plain, batched = tiny_model(), quickened(tiny_model())
    prefix, rows = embeddings(7, seed=99), rows_of([4, 11, 1, 6, 2])
    free = [one_at_a_time(plain, torch.cat([prefix, row]), 12) for row in rows]
    common: dict[str, Any] = {
        "rows": rows,
        "sampling": [Sampling(1.5, seed=5), None, Sampling(0.7, seed=6), None, None],
        "max_new_tokens": 30,
        "eos_token_ids": {free[1][5]},
        "batch_size": 4,
        "stop": lambda tokens: tokens[-1] == free[3][9],
    }
    expected = plain_engine.decode(plain, prefix=prefix, **common)
    assert batched_engine.decode(batched, prefix=prefix, **common) == expected
    assert {one.finish for one in expected} == {"stop", "length"}


@pytest.mark.parametrize("name", sorted(ENGINES))
def test_what_calls_have_in_common_is_done_once(name: str) -> None:
    engine, model = ENGINES[name], tiny_model()
    prefix, rows = embeddings(7, seed=99), rows_of([3, 1])
    kept = engine.read_prefix(model, prefix, 12)
    common: dict[str, Any] = {"rows": rows, "max_new_tokens": 12, "eos_token_ids": [], "batch_size": 2}
    expected = [one_at_a_time(model, torch.cat([prefix, row]), 12) for row in rows]
    for shared in (kept, prefix, kept):
        assert [one.token_ids for one in engine.decode(model, prefix=shared, **common)] == expected


def test_a_model_s_own_generation_settings_change_nothing() -> None:
    model = tiny_model()
    (row,) = rows_of([5])
    expected = one_at_a_time(model, row, 20)
    model.generation_config.update(repetition_penalty=1.8, do_sample=True, temperature=3.0, eos_token_id=7)
    (decoded,) = plain_engine.decode(
        model, prefix=None, rows=[row], max_new_tokens=20, eos_token_ids=[], batch_size=1
    )
    assert decoded.token_ids == expected


def test_the_plain_engine_decodes_what_the_batched_one_refuses() -> None:
    config = AutoConfig.for_model(
        "mamba", vocab_size=VOCABULARY, hidden_size=16, state_size=4, num_hidden_layers=1
    )
    model = AutoModelForCausalLM.from_config(config).eval()
    common: dict[str, Any] = {"max_new_tokens": 3, "eos_token_ids": [], "batch_size": 1, "prefix": None}
    rows = [embeddings(2, seed=1, hidden=16)]
    with pytest.raises(BackendError, match="MambaForCausalLM") as refused:
        batched_engine.decode(model, rows=rows, **common)
    assert "engine = plain" in refused.value.hint
    assert len(plain_engine.decode(model, rows=rows, **common)[0].token_ids) == 3


def test_no_memory_for_one_row_is_said() -> None:
    def run_out(*_: object) -> None:
        raise MemoryError

    model = tiny_model()
    model.register_forward_pre_hook(run_out)
    with pytest.raises(BackendError, match="single prompt of 5 tokens"):
        plain_engine.decode(
            model,
            prefix=embeddings(2, 1),
            rows=rows_of([3]),
            max_new_tokens=5,
            eos_token_ids=[],
            batch_size=4,
        )
