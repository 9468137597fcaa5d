"""The benchmark of throughput counts the arithmetic that a model really does."""

import torch
from bench_transformers_throughput import counted_work
from transformers import LlamaConfig, LlamaForCausalLM

from izcore_transformers.cpu_layers.packing import pack
from izcore_transformers.cpu_layers.prefix_attention import read_prefix_once
from izcore_transformers.decoding.batched_engine import decode


def test_work_is_counted_in_linear_layers_and_attention_of_every_pass() -> None:
    hidden, inner, vocabulary, heads, rows, prefix, new = 32, 48, 97, 4, 3, 5, 2
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=vocabulary,
            hidden_size=hidden,
            intermediate_size=inner,
            num_hidden_layers=1,
            num_attention_heads=heads,
            num_key_value_heads=2,
        )
    )
    model.eval().requires_grad_(False)
    with torch.inference_mode():
        assert read_prefix_once(model)
        assert pack(model)
        with counted_work(model) as operations:
            decode(
                model,
                prefix=torch.randn(prefix, hidden),
                rows=[torch.randn(1, hidden) for _ in range(rows)],
                max_new_tokens=new,
                eos_token_ids=[],
                batch_size=rows,
            )
    tokens = prefix + rows * new
    layer = 2 * hidden * hidden + 2 * hidden * hidden // 2 + 3 * hidden * inner
    heads_of = 1 + rows * new  # the prefix needs its last column alone
    attention = hidden * (prefix * prefix + rows * (prefix + 1) + rows * (prefix + 2))
    assert operations[0] == 2 * tokens * layer + 2 * heads_of * hidden * vocabulary + 4 * attention
