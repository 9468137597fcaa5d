"""Decoding in batches writes what one row at a time writes, on every kind of attention."""

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import (
    ARCHITECTURES,
    VOCABULARY,
    embeddings,
    one_at_a_time,
    rows_of,
    tiny_model,
)
from torch import Tensor
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

from izcore.plugin import BackendError
from izcore_transformers.cpu_layers.prefix_attention import read_prefix_once
from izcore_transformers.decoding.batched_engine import decode
from izcore_transformers.decoding.endings import Decoded
from izcore_transformers.decoding.sampling import Sampling


@pytest.fixture(scope="module")
def llama() -> PreTrainedModel:
    return tiny_model()


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


def test_recurrent_models_are_refused_by_name() -> None:
    config = AutoConfig.for_model(
        "mamba", vocab_size=VOCABULARY, hidden_size=16, state_size=4, num_hidden_layers=1
    )
    model = AutoModelForCausalLM.from_config(config)
    with pytest.raises(BackendError, match="MambaForCausalLM"):
        decode(
            model, prefix=None, rows=[torch.zeros(2, 16)], max_new_tokens=1, eos_token_ids=[], batch_size=1
        )
