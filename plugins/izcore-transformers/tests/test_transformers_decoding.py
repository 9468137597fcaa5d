"""Decoding in batches writes what one row at a time writes, on every kind of attention."""

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

from izcore.plugin import BackendError
from izcore_transformers.cpu_engine.llama_kin import LLAMA_KIN
from izcore_transformers.cpu_engine.packed_blocks import PackedAttention, PackedGatedMLP
from izcore_transformers.cpu_engine.packing import pack
from izcore_transformers.cpu_engine.prefix_attention import read_prefix_once
from izcore_transformers.decoding import prefilling
from izcore_transformers.decoding.batched import Decoded, Sampling, decode, read_prefix

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


@pytest.fixture(scope="module")
def llama() -> PreTrainedModel:
    return tiny_model()


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


@pytest.mark.parametrize("with_prefix", [False, True], ids=["alone", "prefix"])
@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_batch_writes_what_one_at_a_time_writes(architecture: str, with_prefix: bool) -> None:
    model = tiny_model(architecture)
    prefix = embeddings(7, seed=99) if with_prefix else None
    rows = rows_of([1, 9, 3, 3, 20, 1, 5])
    decoded = decode(model, prefix=prefix, rows=rows, max_new_tokens=12, eos_token_ids=[], batch_size=4)
    opening = prefix if prefix is not None else rows[0][:0]
    expected = [one_at_a_time(model, torch.cat([opening, row]), 12) for row in rows]
    assert [one.token_ids for one in decoded] == expected
    assert len(set(expected)) > 1, "the model must tell its rows apart for this test to say anything"
    assert {one.finish for one in decoded} == {"length"}


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


@settings(max_examples=10, deadline=None)
@given(lengths=st.lists(st.integers(1, 12), min_size=1, max_size=7), prefix_length=st.integers(0, 5))
def test_guessed_tokens_change_no_text(lengths: list[int], prefix_length: int) -> None:
    model = tiny_model(vocab_size=7).double()  # so few words that guesses are many, and often wrong
    assert read_prefix_once(model)
    rows = [row.double() for row in rows_of(lengths)]
    prefix = embeddings(prefix_length, seed=77).double()
    decoded = decode(
        model, prefix=prefix, rows=rows, max_new_tokens=50, eos_token_ids=[], batch_size=len(rows)
    )
    assert [one.token_ids for one in decoded] == [
        one_at_a_time(model, torch.cat([prefix, row]), 50) for row in rows
    ]


@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_guessed_tokens_change_no_text_on_any_attention(architecture: str) -> None:
    model = tiny_model(architecture, vocab_size=7).double()
    prefix = embeddings(7, seed=99).double()
    rows = [row.double() for row in rows_of([1, 9, 3, 3])]
    tokens_given: list[Tensor] = []
    handle = model.register_forward_pre_hook(
        lambda _module, _args, given: tokens_given.extend(
            value for name, value in given.items() if name == "input_ids" and value is not None
        ),
        with_kwargs=True,
    )
    decoded = decode(model, prefix=prefix, rows=rows, max_new_tokens=30, eos_token_ids=[], batch_size=4)
    handle.remove()
    assert any(tokens.shape[1] > 1 for tokens in tokens_given), "nothing was guessed"
    expected = [one_at_a_time(model, torch.cat([prefix, row]), 30) for row in rows]
    assert [one.token_ids for one in decoded] == expected


def test_text_that_repeats_itself_takes_few_passes(llama: PreTrainedModel) -> None:
    passes: list[object] = []
    handle = llama.register_forward_pre_hook(lambda *given: passes.append(given))
    common: dict[str, Any] = {"rows": rows_of([4]), "max_new_tokens": 60, "eos_token_ids": []}
    try:
        guessed = decode(llama, prefix=None, batch_size=1, **common)
        guessing = len(passes)
        drawn = decode(llama, prefix=None, batch_size=1, sampling=[Sampling(1e-6, seed=1)], **common)
    finally:
        handle.remove()
    assert guessed == drawn
    assert len(set(guessed[0].token_ids[-20:])) < 5, "this model goes round"
    assert guessing < 20
    assert len(passes) - guessing > 60, "what is drawn cannot be guessed"


def test_drawn_and_likeliest_rows_share_a_batch(llama: PreTrainedModel) -> None:
    rows = rows_of([4, 11, 1, 6])
    sampling = [Sampling(1.5, seed=5), None, Sampling(0.7, seed=6), None]
    common: dict[str, Any] = {"prefix": embeddings(3, 50), "max_new_tokens": 40, "eos_token_ids": {5, 11}}
    together = decode(llama, rows=rows, sampling=sampling, batch_size=4, **common)
    assert together == [
        decode(llama, rows=[row], sampling=[draw], batch_size=1, **common)[0]
        for row, draw in zip(rows, sampling, strict=True)
    ]


def test_eager_attention_gives_the_same(llama: PreTrainedModel) -> None:
    rows = rows_of([4, 11, 1])
    eager = tiny_model(attention="eager")
    common: dict[str, Any] = {
        "prefix": embeddings(3, 50),
        "rows": rows,
        "max_new_tokens": 8,
        "eos_token_ids": [],
    }
    assert decode(eager, batch_size=3, **common) == decode(llama, batch_size=3, **common)


@settings(max_examples=25, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 40), min_size=1, max_size=12),
    prefix_length=st.integers(0, 9),
    batch_size=st.integers(1, 12),
)
def test_neither_batch_size_nor_order_nor_sharing_changes_a_row(
    lengths: list[int], prefix_length: int, batch_size: int
) -> None:
    model = tiny_model().double()  # in which no two words are equally likely but for rounding
    rows = [row.double() for row in rows_of(lengths)]
    prefix = embeddings(prefix_length, seed=77).double()
    ends = {5, 11, 23, 40, 41, 42, 43, 44, 45}
    common: dict[str, Any] = {"max_new_tokens": 10, "eos_token_ids": ends}
    shared = decode(model, prefix=prefix, rows=rows, batch_size=batch_size, **common)
    alone = [
        decode(model, prefix=None, rows=[torch.cat([prefix, row])], batch_size=1, **common)[0] for row in rows
    ]
    assert shared == alone


def test_long_answers_outgrow_the_reserved_memory(llama: PreTrainedModel) -> None:
    rows = rows_of([2, 5])
    decoded = decode(llama, prefix=None, rows=rows, max_new_tokens=70, eos_token_ids=[], batch_size=2)
    assert [one.token_ids for one in decoded] == [one_at_a_time(llama, row, 70) for row in rows]


def test_rows_end_at_end_of_sequence_at_the_stop_rule_or_at_the_limit(llama: PreTrainedModel) -> None:
    rows = rows_of([6, 2, 8, 4])
    free = [one_at_a_time(llama, row, 10) for row in rows]
    end, stopper = free[0][3], free[1][4]
    decoded = decode(
        llama,
        prefix=None,
        rows=rows,
        max_new_tokens=10,
        eos_token_ids=[end],
        batch_size=4,
        stop=lambda tokens: tokens[-1] == stopper,
    )
    for whole, one in zip(free, decoded, strict=True):
        ended = next((n for n, token in enumerate(whole) if token in (end, stopper)), None)
        if ended is None:
            assert one == Decoded(whole, "length")
        else:
            kept = ended if whole[ended] == end else ended + 1
            assert one == Decoded(whole[:kept], "stop")
    assert decoded[0].finish == decoded[1].finish == "stop"


def test_the_stop_rule_sees_all_tokens_of_its_row(llama: PreTrainedModel) -> None:
    seen: list[tuple[int, ...]] = []

    def stop(tokens: Sequence[int]) -> bool:
        seen.append(tuple(tokens))
        return False

    (decoded,) = decode(
        llama, prefix=None, rows=rows_of([3]), max_new_tokens=4, eos_token_ids=[], batch_size=8, stop=stop
    )
    assert seen == [decoded.token_ids[:n] for n in range(1, 5)]


def test_end_of_sequence_at_once_is_an_empty_answer(llama: PreTrainedModel) -> None:
    row = rows_of([5])
    (first, *_) = one_at_a_time(llama, row[0], 1)
    decoded = decode(llama, prefix=None, rows=row, max_new_tokens=1, eos_token_ids=[first], batch_size=1)
    assert decoded == [Decoded((), "stop")]


def test_no_rows_no_work_and_impossible_requests_are_refused(llama: PreTrainedModel) -> None:
    common: dict[str, Any] = {"prefix": None, "eos_token_ids": []}
    assert decode(llama, rows=[], max_new_tokens=1, batch_size=1, **common) == []
    for wrong in ({"max_new_tokens": 0}, {"batch_size": 0}, {"rows": [torch.zeros(0, 32)]}):
        arguments: dict[str, Any] = {
            "rows": rows_of([2]),
            "max_new_tokens": 1,
            "batch_size": 1,
            **common,
            **wrong,
        }
        with pytest.raises(ValueError, match="at least"):
            decode(llama, **arguments)


def test_prefix_is_computed_once_and_rows_hardly_padded(llama: PreTrainedModel) -> None:
    seen: list[tuple[int, ...]] = []

    def watch(_module: object, _args: object, kwargs: dict[str, Tensor]) -> None:
        given = kwargs["inputs_embeds"] if kwargs.get("inputs_embeds") is not None else kwargs["input_ids"]
        seen.append(tuple(given.shape[:2]))

    handle = llama.register_forward_pre_hook(watch, with_kwargs=True)
    try:
        decode(
            llama,
            prefix=embeddings(100, 7)[:60],
            rows=rows_of([2, 2, 2, 2, 61, 61]),
            max_new_tokens=2,
            eos_token_ids=[],
            batch_size=6,
        )
    finally:
        handle.remove()
    assert seen == [(1, 60), (2, 60), (4, 1), (6, 1), (6, 1)]


class ShortMemory:
    """Runs out of memory as a device does that holds only so many rows."""

    def __init__(self, most_rows: int, error: Exception) -> None:
        self.most_rows, self.error = most_rows, error
        self.tried: list[int] = []

    def __call__(self, _module: object, _args: object, kwargs: dict[str, Tensor]) -> None:
        if kwargs.get("inputs_embeds") is not None and kwargs["inputs_embeds"].shape[1] == 1:
            self.tried.append(len(kwargs["inputs_embeds"]))
            if self.tried[-1] > self.most_rows:
                raise self.error


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory."),
        RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"),
        MemoryError(),
    ],
    ids=["cuda", "cpu", "python"],
)
def test_short_memory_halves_the_batch(error: Exception) -> None:
    model = tiny_model()
    rows = rows_of([3, 5, 8, 3, 6, 9, 4])
    expected = decode(model, prefix=None, rows=rows, max_new_tokens=5, eos_token_ids=[], batch_size=7)
    memory = ShortMemory(3, error)
    model.register_forward_pre_hook(memory, with_kwargs=True)
    decoded = decode(model, prefix=None, rows=rows, max_new_tokens=5, eos_token_ids=[], batch_size=7)
    assert decoded == expected
    assert memory.tried == [7, 3, 3, 1]


def test_no_memory_for_one_row_is_said() -> None:
    model = tiny_model()
    model.register_forward_pre_hook(ShortMemory(0, MemoryError()), with_kwargs=True)
    with pytest.raises(BackendError, match="single prompt of 5 tokens"):
        decode(
            model,
            prefix=embeddings(2, 1),
            rows=rows_of([3]),
            max_new_tokens=5,
            eos_token_ids=[],
            batch_size=4,
        )


def test_no_memory_for_the_prefix_is_said() -> None:
    model = tiny_model()
    model.register_forward_pre_hook(ShortMemory(0, MemoryError()), with_kwargs=True)
    with pytest.raises(BackendError, match="single prompt of 1 tokens and up to 5 new ones"):
        read_prefix(model, embeddings(1, 1), 5)


def test_other_errors_are_not_taken_for_short_memory() -> None:
    model = tiny_model()
    model.register_forward_pre_hook(ShortMemory(0, RuntimeError("shape mismatch")), with_kwargs=True)
    with pytest.raises(RuntimeError, match="shape mismatch"):
        decode(model, prefix=None, rows=rows_of([3]), max_new_tokens=5, eos_token_ids=[], batch_size=4)


def test_recurrent_models_are_refused_by_name() -> None:
    config = AutoConfig.for_model(
        "mamba", vocab_size=VOCABULARY, hidden_size=16, state_size=4, num_hidden_layers=1
    )
    model = AutoModelForCausalLM.from_config(config)
    with pytest.raises(BackendError, match="MambaForCausalLM"):
        decode(
            model, prefix=None, rows=[torch.zeros(2, 16)], max_new_tokens=1, eos_token_ids=[], batch_size=1
        )


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 600), min_size=1, max_size=40))
def test_groups_cover_all_rows_in_order_within_the_limit(lengths: list[int]) -> None:
    lengths.sort(reverse=True)
    groups = prefilling.groups(lengths, "cpu")
    assert [place for begin, end in groups for place in range(begin, end)] == list(range(len(lengths)))
    most = prefilling.GROUP_TOKENS["cpu"]
    assert all((end - begin) * lengths[begin] <= most or end - begin == 1 for begin, end in groups)
