"""The local black box: answers, usage, limits, and that sharing a prefix changes no answer."""

import asyncio
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from izcore.plugin import (
    BackendContext,
    Completion,
    CompletionRequest,
    FatalScorerError,
    Price,
    Prompt,
    Usage,
)
from izcore_transformers.decoding.batched_engine import decode
from izcore_transformers.decoding.endings import end_tokens
from izcore_transformers.models.chat import chat_tokens
from izcore_transformers.models.loading import LoadedModel, embed_tokens
from izcore_transformers.options import ScorerOptions
from izcore_transformers.scorer import HFScorer, shared_length, stop_position

INSTRUCTION = "Instruction: Name the capital city of the country.\n\n"


COUNTRIES = (
    "France",
    "Italy",
    "the Federal Republic of Germany",
    "Spain",
    "the islands called Japan",
)


def prompts_of(inputs: Sequence[str], instruction: str = INSTRUCTION) -> tuple[Prompt, ...]:
    return tuple(Prompt(text=f"{instruction}Input: {one}\nOutput:") for one in inputs)


def answer(scorer: HFScorer, prompts: Sequence[Prompt]) -> tuple[Completion, ...]:
    return asyncio.run(scorer.complete(CompletionRequest(prompts=tuple(prompts)))).completions


@pytest.fixture
def scorer(embedded: LoadedModel, context: BackendContext) -> HFScorer:
    return HFScorer(ScorerOptions(max_new_tokens=12), context)


@pytest.mark.model
def test_answers_are_those_of_the_model_alone(
    scorer: HFScorer, embedded: LoadedModel, context: BackendContext
) -> None:
    prompts = (*prompts_of(COUNTRIES), Prompt(text="Say hello."))
    completions = answer(scorer, prompts)
    ends = end_tokens(embedded.model, embedded.tokenizer)
    for prompt, completion in zip(prompts, completions, strict=True):
        tokens = torch.tensor([chat_tokens(embedded.tokenizer, prompt.text)])
        with torch.inference_mode():
            output = embedded.model.generate(
                tokens, attention_mask=torch.ones_like(tokens), max_new_tokens=12, do_sample=False
            )
        new = [token for token in output[0, tokens.shape[1] :].tolist() if token not in ends]
        assert completion.text == embedded.tokenizer.decode(new)
        assert completion.usage == Usage(input_tokens=tokens.shape[1], output_tokens=len(new))
        assert completion.finish == ("length" if output.shape[1] - tokens.shape[1] == len(new) else "stop")
    assert completions[0].text == "The capital city of France is Paris."


@pytest.mark.model
def test_company_and_order_change_no_answer(scorer: HFScorer, context: BackendContext) -> None:
    prompts = prompts_of(COUNTRIES)
    together = answer(scorer, prompts)
    assert answer(scorer, prompts) == together
    assert answer(scorer, prompts[::-1]) == together[::-1]
    assert tuple(answer(scorer, [prompt])[0] for prompt in prompts) == together
    small = HFScorer(ScorerOptions(max_new_tokens=12, batch_size=2), context)
    assert answer(small, prompts) == together


@pytest.mark.model
def test_soft_prompt_sized_batches_write_what_one_at_a_time_writes(embedded: LoadedModel) -> None:
    tokens = chat_tokens(embedded.tokenizer, "Describe a day at the sea in one sentence.")
    text = embed_tokens(embedded, tokens)
    noise = torch.Generator().manual_seed(5)
    soft = [torch.randn(1 + n % 4, text.shape[1], generator=noise) * 0.1 for n in range(6)]
    common: dict[str, Any] = {
        "max_new_tokens": 20,
        "eos_token_ids": end_tokens(embedded.model, embedded.tokenizer),
    }
    first = [torch.cat([one, text]) for one in soft]
    before, after = text[:-6], text[-6:]
    last = [torch.cat([one, after]) for one in soft]

    def alone(rows: Sequence[torch.Tensor]) -> list[object]:
        return [decode(embedded.model, prefix=None, rows=[row], batch_size=1, **common)[0] for row in rows]

    assert decode(embedded.model, prefix=None, rows=first, batch_size=6, **common) == alone(first)
    shared = decode(embedded.model, prefix=before, rows=last, batch_size=4, **common)
    assert shared == alone([torch.cat([before, row]) for row in last])


@pytest.mark.model
def test_prefill_begins_the_answer_and_is_not_part_of_it(context: BackendContext) -> None:
    options = ScorerOptions(max_new_tokens=12, system="", prefill="The capital is", stop=(".", "\n"))
    (completion,) = answer(HFScorer(options, context), prompts_of(["France"]))
    assert completion.text == " Paris"
    assert completion.finish == "stop"
    assert completion.usage.output_tokens < 12


@pytest.mark.model
def test_bound_is_exact_for_input_and_holds_for_output(scorer: HFScorer) -> None:
    prompts = prompts_of(COUNTRIES)
    bounds = [scorer.bound(prompt) for prompt in prompts]
    for bound, completion in zip(bounds, answer(scorer, prompts), strict=True):
        assert bound.input_tokens == completion.usage.input_tokens
        assert bound.output_tokens == 12 >= completion.usage.output_tokens


@pytest.mark.model
def test_a_prompt_beyond_the_context_is_refused_with_both_lengths(scorer: HFScorer) -> None:
    long = Prompt(text="word " * 9000)
    length = scorer.bound(long).input_tokens
    with pytest.raises(FatalScorerError, match=rf"{length} tokens .* its context holds 8192"):
        answer(scorer, [*prompts_of(["France"]), long])


@pytest.mark.model
def test_the_event_loop_stays_alive(scorer: HFScorer) -> None:
    async def count_beats() -> int:
        task = asyncio.create_task(scorer.complete(CompletionRequest(prompts=prompts_of(COUNTRIES))))
        beats = 0
        while not task.done():
            await asyncio.sleep(0.005)
            beats += 1
        return beats

    answer(scorer, prompts_of(["France"]))
    assert asyncio.run(count_beats()) > 5


def test_info_loads_nothing_and_names_what_changes_an_answer(context: BackendContext) -> None:
    plain = HFScorer(ScorerOptions(), context).info()
    assert (plain.concurrency, plain.batch_size, plain.price) == (1, 64, Price(input=0, output=0))
    msgspec.json.encode(plain.identity)
    for change in (
        {"system": ""},
        {"prefill": "So"},
        {"stop": ("\n",)},
        {"max_new_tokens": 5},
        {"conversation": "plain"},
        {"dtype": "bfloat16"},
    ):
        assert HFScorer(msgspec.convert(change, ScorerOptions), context).info().identity != plain.identity
    same = HFScorer(ScorerOptions(batch_size=3), context).info()
    assert same.identity == plain.identity


def test_no_prompts_no_answers(context: BackendContext) -> None:
    assert answer(HFScorer(ScorerOptions(model="no-such-model"), context), ()) == ()


def test_options_import_nothing_heavy() -> None:
    code = "import sys, izcore_transformers.options; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@given(st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=14).map(tuple), min_size=1, max_size=5))
def test_shared_tokens_begin_every_prompt_and_leave_each_one(inputs: list[tuple[int, ...]]) -> None:
    opening = (7,) * 8
    inputs = [opening + tokens for tokens in inputs]
    shared = shared_length(inputs)
    assert len({tokens[:shared] for tokens in inputs}) == 1
    assert all(len(tokens) > shared for tokens in inputs)
    one_more = {tokens[: shared + 1] for tokens in inputs}
    if len(inputs) > 1 and all(len(tokens) > shared + 1 for tokens in inputs):
        assert len(one_more) > 1


def test_short_beginnings_are_not_worth_sharing() -> None:
    assert shared_length([(1, 2, 3), (1, 2, 4)]) == 0
    assert shared_length([(1,) * 30]) == 0
    assert shared_length([(1,) * 30, (1,) * 30]) == 29


@pytest.mark.parametrize(
    ("text", "stop", "kept"),
    [
        ("yes\nno", ("\n",), "yes"),
        ("\n\nyes\nno", ("\n",), "\n\nyes"),
        ("yes, it is. No.", (".", ","), "yes"),
        ("yes", ("\n",), "yes"),
        ("yes", (), "yes"),
        ("\n", ("\n",), "\n"),
    ],
)
def test_stop_texts_cut_after_the_first_word(text: str, stop: tuple[str, ...], kept: str) -> None:
    assert text[: stop_position(text, stop)] == kept


@pytest.mark.model
def test_a_prompt_with_a_temperature_is_sampled_and_repeatable(scorer: HFScorer) -> None:
    text = "Write the first line of a story."
    samples = [Prompt(text=text, temperature=1.5, sample=number) for number in range(6)]
    greedy = answer(scorer, [Prompt(text=text)])[0].text
    together = [completion.text for completion in answer(scorer, [*samples, Prompt(text=text)])]
    assert len(set(together[:6])) > 3
    assert together[6] == greedy
    alone = [answer(scorer, [prompt])[0].text for prompt in samples[:2]]
    assert alone == together[:2]
    assert answer(scorer, [Prompt(text=text, temperature=0.0, sample=3)])[0].text == greedy


@pytest.mark.model
def test_a_prompt_that_needs_more_room_gets_it_beside_others_that_do_not(scorer: HFScorer) -> None:
    text = "Write the first line of a story."
    prompts = [Prompt(text=text, room=20), Prompt(text=text), Prompt(text=text, room=3)]
    longer, usual, shorter = answer(scorer, prompts)
    assert [c.usage.output_tokens for c in (longer, usual, shorter)] == [20, 12, 12]
    assert longer.text.startswith(usual.text)
    assert [scorer.bound(prompt).output_tokens for prompt in prompts] == [20, 12, 12]


@pytest.mark.model
def test_a_prompt_may_begin_its_answer(scorer: HFScorer, context: BackendContext) -> None:
    text = f"{INSTRUCTION}Input: France\nOutput:"
    begun = answer(scorer, [Prompt(text=text, prefill="The city of")])[0]
    set_up = HFScorer(ScorerOptions(max_new_tokens=12, prefill="The city of"), context)
    assert begun == answer(set_up, [Prompt(text=text)])[0]
    assert not begun.text.startswith("The city of")
    assert begun == answer(set_up, [Prompt(text=text, prefill="The city of")])[0]


@pytest.mark.model
def test_the_plain_engine_gives_the_same_answers(scorer: HFScorer, context: BackendContext) -> None:
    plain = HFScorer(ScorerOptions(max_new_tokens=12, engine="plain"), context)
    drawn = Prompt(text="Write the first line of a story.", temperature=1.2, sample=2)
    prompts = (*prompts_of(COUNTRIES[:3]), Prompt(text="Say hello."), drawn)
    assert answer(plain, prompts) == answer(scorer, prompts)
    assert plain.info().identity == scorer.info().identity
