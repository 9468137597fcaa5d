"""The embedded model, loaded once for all tests of this plugin."""

import os
import sys
from pathlib import Path

import platformdirs
import pytest
import torch

from izcore.plugin import BackendContext, Example
from izcore_transformers.models.loading import LoadedModel, load_model
from izcore_transformers.options import ModelOptions

# The benchmarks are scripts beside the tests, which try a part of them.
sys.path.insert(0, str(Path(__file__).resolve().parent))


@pytest.fixture(scope="session")
def cache_dir() -> str:
    """The user's own cache: converting the embedded model anew for every session takes too long."""
    return os.environ.get("IZ_CACHE") or platformdirs.user_cache_dir("izcore", appauthor=False)


@pytest.fixture(scope="session")
def context(cache_dir: str) -> BackendContext:
    return BackendContext(seed=7, cache_dir=cache_dir, data_dir=cache_dir)


@pytest.fixture(scope="session")
def embedded(cache_dir: str) -> LoadedModel:
    return load_model(ModelOptions(), cache_dir)


@pytest.fixture(scope="session")
def demonstrations() -> tuple[Example, ...]:
    pairs = [("cat", "cats"), ("box", "boxes"), ("child", "children"), ("city", "cities"), ("tree", "trees")]
    return tuple(Example(input=word, targets=(plural,)) for word, plural in pairs)


@pytest.fixture(scope="session")
def tiny_vicuna(embedded: LoadedModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a randomly initialised model of Vicuna's class, named so that it is taken for one."""
    from transformers import LlamaConfig, LlamaForCausalLM

    folder = tmp_path_factory.mktemp("models") / "tiny-vicuna"
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(embedded.tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=4,
        eos_token_id=embedded.tokenizer.eos_token_id,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    embedded.tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GGUF file of a randomly initialised Llama with a byte-level tokenizer."""
    import numpy
    from gguf import GGUFWriter, TokenType
    from tokenizers.pre_tokenizers import ByteLevel

    path = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    tokens = ["<s>", "</s>", *sorted(ByteLevel.alphabet()), "ab"]
    hidden, inner = 32, 64
    writer = GGUFWriter(path, "llama")
    writer.add_block_count(1)
    writer.add_context_length(512)
    writer.add_embedding_length(hidden)
    writer.add_feed_forward_length(inner)
    writer.add_head_count(4)
    writer.add_head_count_kv(4)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10000.0)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(tokens)
    writer.add_token_types([TokenType.CONTROL] * 2 + [TokenType.NORMAL] * (len(tokens) - 2))
    writer.add_token_merges(["a b"])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)
    shapes = {
        "token_embd": (len(tokens), hidden),
        "output": (len(tokens), hidden),
        "output_norm": (hidden,),
        "blk.0.attn_norm": (hidden,),
        "blk.0.ffn_norm": (hidden,),
        "blk.0.ffn_gate": (inner, hidden),
        "blk.0.ffn_up": (inner, hidden),
        "blk.0.ffn_down": (hidden, inner),
        **{f"blk.0.attn_{part}": (hidden, hidden) for part in ("q", "k", "v", "output")},
    }
    random = numpy.random.default_rng(0)
    for name, shape in shapes.items():
        writer.add_tensor(f"{name}.weight", random.normal(size=shape).astype(numpy.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
