"""Small randomly initialised models of many kinds, and what they write by themselves."""

import string
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models
from torch import Tensor
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel, PreTrainedTokenizerFast

VOCABULARY = 97


SMALL = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 128,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}


ARCHITECTURES = {
    "llama": {**SMALL, "num_key_value_heads": 2},
    "mistral": {**SMALL, "num_key_value_heads": 2, "sliding_window": 6},
    "gemma3_text": {**SMALL, "num_key_value_heads": 2, "head_dim": 8, "sliding_window": 6},
    "qwen2": {**SMALL, "num_key_value_heads": 4},
    "qwen3": {**SMALL, "num_key_value_heads": 2, "head_dim": 8},
    "gpt2": {**SMALL, "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 128},
    "opt": {**SMALL, "ffn_dim": 48, "word_embed_proj_dim": 32},
    "gpt_neox": {**SMALL},
    "bloom": {**SMALL, "n_head": 4, "n_layer": 2},
}


def tiny_model(architecture: str = "llama", attention: str | None = None, **settings: Any) -> PreTrainedModel:
    torch.manual_seed(3)
    config = AutoConfig.for_model(architecture, **{**ARCHITECTURES[architecture], **settings})
    model = AutoModelForCausalLM.from_config(config, attn_implementation=attention).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() > 1 and "norm" not in name:
                parameter.normal_(std=0.4)  # spread out, so that greedy choices differ from row to row
    return model


def uneven_model(architecture: str, **settings: Any) -> PreTrainedModel:
    """One in which no bias is 0 and no norm is 1, as those of a new model are: mixing them up shows."""
    model = tiny_model(architecture, **settings)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 1:
                parameter.add_(0.3 * torch.randn_like(parameter))
    return model


def embeddings(length: int, seed: int, hidden: int = 32) -> Tensor:
    return torch.randn(length, hidden, generator=torch.Generator().manual_seed(seed))


def rows_of(lengths: Sequence[int]) -> list[Tensor]:
    return [embeddings(length, seed) for seed, length in enumerate(lengths)]


def one_at_a_time(model: PreTrainedModel, whole: Tensor, new_tokens: int) -> tuple[int, ...]:
    """What the model itself says, without any cache: the whole text anew for every token."""
    written: list[int] = []
    with torch.inference_mode():
        text = whole.unsqueeze(0)
        for _ in range(new_tokens):
            token = model(inputs_embeds=text, use_cache=False).logits[0, -1].argmax()
            written.append(int(token))
            text = torch.cat([text, model.get_input_embeddings()(token.view(1, 1))], dim=1)
    return tuple(written)


def save_tiny_model(architecture: str, folder: Path) -> Path:
    """Save a model that reads and writes letters into a folder, and return that.

    It finds no letter much likelier than another, so that by itself it calls every text fluent.
    """
    letters = ["<pad>", "<s>", "</s>", "<unk>", *string.printable][:VOCABULARY]
    places = {letter: place for place, letter in enumerate(letters)}
    tokenizer = Tokenizer(models.BPE(places, [], unk_token="<unk>"))
    tokenizer.decoder = decoders.Fuse()
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", bos_token="<s>", eos_token="</s>", unk_token="<unk>"
    ).save_pretrained(folder)
    # What it writes shall see the soft prompt, so windows are wide.
    room = {"max_position_embeddings": 1024, "sliding_window": 1024}
    model = tiny_model(architecture, **room, tie_word_embeddings=False)
    with torch.no_grad():
        model.get_input_embeddings().weight.mul_(0.1)  # the last letter alone shall not decide
        model.get_output_embeddings().weight.mul_(0.01)
    model.save_pretrained(folder)
    return folder
