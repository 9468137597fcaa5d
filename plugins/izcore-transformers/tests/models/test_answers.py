"""Local models whose chat template opens a block of reasoning: what they think is not what they answer."""

import asyncio
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
import torch

import izcore
from izcore.plugin import BackendContext, Completion, CompletionRequest, Prompt
from izcore_transformers.models.answers import AnswerReader
from izcore_transformers.models.chat import SPLIT_MARK, chat_text, split_chat_tokens
from izcore_transformers.models.loading import LoadedModel
from izcore_transformers.options import ScorerOptions
from izcore_transformers.scorer import HFScorer

TEMPLATE = (
    "{% for message in messages %}[{{ message.role }}] {{ message.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}[assistant]<think>\n{% endif %}"
)
THOUGHT = " It may be Rome, but no"
SAID = f"{THOUGHT}</think> Paris"

Recite = Callable[[str], Path]


@pytest.fixture(scope="module")
def recite(embedded: LoadedModel, tmp_path_factory: pytest.TempPathFactory) -> Recite:
    """Make the folder of a tiny model that says one text, whatever it is asked, and ends.

    Its layers add nothing, so that each token's embedding alone decides about the next token.
    """
    from transformers import LlamaConfig, LlamaForCausalLM

    def make(text: str) -> Path:
        tokenizer = embedded.tokenizer
        start = tokenizer("<think>\n")["input_ids"][-1]
        chain = [start, *tokenizer(text)["input_ids"], tokenizer.eos_token_id]
        assert len(set(chain)) == len(chain), "each token must have one successor"
        torch.manual_seed(0)
        config = LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=64,
            intermediate_size=64,
            num_hidden_layers=1,
            num_attention_heads=4,
            num_key_value_heads=4,
            eos_token_id=tokenizer.eos_token_id,
        )
        model = LlamaForCausalLM(config)
        with torch.no_grad():
            layer = model.model.layers[0]
            layer.self_attn.o_proj.weight.zero_()
            layer.mlp.down_proj.weight.zero_()
            model.lm_head.weight.zero_()
            for token, following in pairwise(chain):
                model.lm_head.weight[following] = model.model.embed_tokens.weight[token]
        folder = tmp_path_factory.mktemp("models") / "thinker"
        model.save_pretrained(folder)
        plain, tokenizer.chat_template = tokenizer.chat_template, TEMPLATE
        tokenizer.save_pretrained(folder)
        tokenizer.chat_template = plain
        return folder

    return make


@pytest.fixture(scope="module")
def thinker(recite: Recite) -> Path:
    return recite(SAID)


def ask(context: BackendContext, prompt: Prompt, model: Path, **options: object) -> Completion:
    scorer = HFScorer(ScorerOptions(model=str(model), **options), context)  # type: ignore[arg-type]
    return asyncio.run(scorer.complete(CompletionRequest(prompts=(prompt,)))).completions[0]


def test_the_text_begins_in_the_block_that_the_template_opened(
    thinker: Path, context: BackendContext
) -> None:
    completion = ask(context, Prompt(text="What is the capital?"), thinker)
    assert completion.text == f"<think>\n{SAID}"
    assert completion.finish == "stop"
    cut = ask(context, Prompt(text="What is the capital?"), thinker, max_new_tokens=4)
    assert cut.text.startswith("<think>\n It may")
    assert cut.finish == "length"


def test_a_stop_text_within_the_reasoning_ends_nothing(thinker: Path, context: BackendContext) -> None:
    assert (
        ask(context, Prompt(text="?"), thinker, stop=("Rome", "aris")).text == f"<think>\n{THOUGHT}</think> P"
    )


def test_a_run_scores_the_answer_and_counts_what_was_cut(
    thinker: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IZ_DATA", str(tmp_path / "data"))
    table = tmp_path / "towns.csv"
    table.write_text("question,answer\n" + "".join(f"Question {n}?,Paris\n" for n in range(12)))

    def score(tokens: int) -> izcore.ScoreResult:
        return izcore.score(
            str(table),
            "Name the capital.",
            scorer=f"hf:{thinker}",
            metric="exact_match",
            settings={"scorer": {"max_new_tokens": tokens}},
            db=str(tmp_path / f"{tokens}.sqlite"),
        )

    whole, cut = score(40), score(5)
    assert whole.test.score == 1.0
    assert set(whole.finishes) == {"stop"}
    assert cut.test.score == 0.0
    assert set(cut.finishes) == {"length"}


def test_a_begun_answer_comes_after_a_closed_block(thinker: Path, embedded: LoadedModel) -> None:
    tokenizer = embedded.tokenizer
    plain, tokenizer.chat_template = tokenizer.chat_template, TEMPLATE
    try:
        assert chat_text(tokenizer, "Why?", prefill="The task is to").endswith(
            "[assistant]<think>\n\n</think>\n\nThe task is to"
        )
        assert chat_text(tokenizer, "Why?").endswith("[assistant]<think>\n")
        before, after = split_chat_tokens(tokenizer, f"Why?{SPLIT_MARK}")
        assert tokenizer.decode([*before, *after]).endswith("[assistant]<think>\n\n</think>\n\n")
    finally:
        tokenizer.chat_template = plain


def test_a_template_that_can_leave_thinking_out_is_told_so_for_instructions(embedded: LoadedModel) -> None:
    tokenizer = embedded.tokenizer
    plain = tokenizer.chat_template
    tokenizer.chat_template = (
        "{{ messages[0].content }}{% if enable_thinking is defined and not enable_thinking %}[no]{% endif %}"
    )
    try:
        _, after = split_chat_tokens(tokenizer, f"Why?{SPLIT_MARK}")
        assert tokenizer.decode(after) == "[no]"
        assert chat_text(tokenizer, "Why?") == "Why?"
    finally:
        tokenizer.chat_template = plain


def test_marks_that_are_special_tokens_stay_in_the_text(thinker: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(thinker)
    tokenizer.add_special_tokens({"additional_special_tokens": ["[THINK]", "[/THINK]"]})
    token_ids = tokenizer("[THINK]Rome?[/THINK]Paris<|im_end|>")["input_ids"]
    assert AnswerReader(tokenizer, "").read(token_ids) == "[THINK]Rome?[/THINK]Paris"
