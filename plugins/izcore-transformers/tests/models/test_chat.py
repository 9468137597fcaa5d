"""Prompts are rendered the way that a model was trained on."""

import pytest

from izcore.plugin import ConfigError, Example, Message
from izcore_transformers.models.chat import (
    SPLIT_MARK,
    VICUNA_SYSTEM,
    chat_text,
    chat_tokens,
    split_chat_tokens,
)
from izcore_transformers.models.loading import LoadedModel
from izcore_transformers.soft_prompt.meta_prompts import draw_targets, find_meta_prompt, user_message

pytestmark = pytest.mark.model


def test_vicuna_reads_its_own_template(embedded: LoadedModel) -> None:
    text = chat_text(embedded.tokenizer, "Hi", conversation="vicuna")
    assert text == f"{VICUNA_SYSTEM} USER: Hi ASSISTANT:"
    text = chat_text(embedded.tokenizer, "Hi", conversation="vicuna", system="Be short.", prefill="The")
    assert text == "Be short. USER: Hi ASSISTANT: The"


def test_a_tokenizers_own_template_comes_first(embedded: LoadedModel) -> None:
    text = chat_text(embedded.tokenizer, "Hi", system="Be short.", prefill="The")
    assert text == (
        "<|im_start|>system\nBe short.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nThe"
    )


def test_plain_text_where_there_is_no_template(embedded: LoadedModel) -> None:
    assert chat_text(embedded.tokenizer, "Hi", conversation="plain", prefill="The") == "Hi\nThe"


TURNS = (Message(role="user", text="Hello."), Message(role="assistant", text="Whom do you miss?"))
REFUSES = "{% if messages[0].role == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
LEAVES_OUT = "{% set messages = messages | rejectattr('role', 'equalto', 'system') | list %}"
ALTERNATES = (
    "{% for m in messages %}"
    "{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('no turns') }}{% endif %}"
    "[{{ m.role }}] {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}[assistant] {% endif %}"
)


def test_turns_stand_before_the_last_message(embedded: LoadedModel) -> None:
    text = chat_text(embedded.tokenizer, "Bertha.", system="Name the town.", turns=TURNS)
    assert text.split("<|im_start|>")[1:] == [
        "system\nName the town.<|im_end|>\n",
        "user\nHello.<|im_end|>\n",
        "assistant\nWhom do you miss?<|im_end|>\n",
        "user\nBertha.<|im_end|>\n",
        "assistant\n",
    ]
    vicuna = chat_text(embedded.tokenizer, "Bertha.", system="", turns=TURNS, conversation="vicuna")
    assert vicuna == "USER: Hello. ASSISTANT: Whom do you miss?</s>USER: Bertha. ASSISTANT:"
    plain = chat_text(embedded.tokenizer, "Bertha.", system="Go.", turns=TURNS, conversation="plain")
    assert plain == "Go.\n\nUser: Hello.\n\nAssistant: Whom do you miss?\n\nUser: Bertha."


@pytest.mark.parametrize("system_role", [REFUSES, LEAVES_OUT])
def test_a_template_without_system_role_has_it_in_the_first_message(
    embedded: LoadedModel, system_role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded.tokenizer, "chat_template", system_role + ALTERNATES)
    text = chat_text(embedded.tokenizer, "Bertha.", system="Go.", turns=TURNS)
    assert text == ("[user] Go.\n\nHello.\n[assistant] Whom do you miss?\n[user] Bertha.\n[assistant] ")
    alone = chat_text(embedded.tokenizer, "Bertha.", system="Go.", prefill="It is")
    assert alone == "[user] Go.\n\nBertha.\n[assistant] It is"


def test_turns_that_a_template_refuses_are_one_message(
    embedded: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded.tokenizer, "chat_template", ALTERNATES)
    text = chat_text(embedded.tokenizer, "Bertha.", turns=TURNS[:1])
    assert text == "[user] User: Hello.\n\nUser: Bertha.\n[assistant] "


@pytest.mark.parametrize("conversation", ["vicuna", "tokenizer", "plain"])
def test_both_parts_of_a_split_make_up_the_whole(embedded: LoadedModel, conversation: str) -> None:
    tokenizer = embedded.tokenizer
    user = f"What is it?{SPLIT_MARK}"
    before, after = split_chat_tokens(tokenizer, user, prefill="The task", conversation=conversation)
    whole = chat_tokens(tokenizer, "What is it?", prefill="The task", conversation=conversation)
    assert before + after == whole
    assert "What is it?" in tokenizer.decode(before)
    assert "The task" in tokenizer.decode(after)


def test_published_meta_prompt_is_the_published_text() -> None:
    examples = [Example(input="cat", targets=("cats", "kitties")), Example(input="{input}", targets=("b",))]
    message = user_message(find_meta_prompt("published"), examples)
    assert message == (
        "\nInput: cat\nOutput: cats\n\nInput: {input}\nOutput: b\n\nThe instruction was to?" + SPLIT_MARK
    )


def test_the_published_prompt_is_the_published_codes_to_the_byte(embedded: LoadedModel) -> None:
    examples = [Example(input="sane", targets=("insane",)), Example(input="direct", targets=("indirect",))]
    message = user_message(find_meta_prompt("published"), examples).removesuffix(SPLIT_MARK)
    # run_instructzero.py: f"{self.system_prompt} USER:{self.init_token} ASSISTANT:", where init_token is "\n"
    # and then "[full_DEMO]\n\nThe instruction was to?" with the demonstrations filled in.
    assert chat_text(embedded.tokenizer, message, conversation="vicuna") == (
        "A chat between a curious user and an artificial intelligence assistant. The assistant gives "
        "helpful, detailed, and polite answers to the user's questions. USER:\nInput: sane\n"
        "Output: insane\n\nInput: direct\nOutput: indirect\n\nThe instruction was to? ASSISTANT:"
    )
    other = chat_text(embedded.tokenizer, "What is it?", conversation="vicuna")
    assert other.endswith(" USER: What is it? ASSISTANT:")


def test_the_writer_sees_all_that_the_prompts_show() -> None:
    example = Example(input="Where?", targets=("Bonn",), fields={"passage": "In Bonn.", "question": "Where?"})
    message = user_message(find_meta_prompt("Look: {demonstrations}"), [example])
    assert message == "Look: Input: Passage: In Bonn.\nQuestion: Where?\nOutput: Bonn" + SPLIT_MARK


def test_one_of_several_targets_is_drawn_by_the_seed() -> None:
    examples = [Example(input=f"i{n}", targets=tuple("abc")) for n in range(20)]
    drawn = draw_targets(examples, 1)
    assert [one.input for one in drawn] == [one.input for one in examples]
    assert {one.targets for one in drawn} == {("a",), ("b",), ("c",)}
    assert draw_targets(examples, 1) == drawn != draw_targets(examples, 2)


def test_data_may_hold_the_placeholder_and_the_mark() -> None:
    example = Example(input="{demonstrations}", targets=(SPLIT_MARK,))
    message = user_message(find_meta_prompt("Look: {demonstrations}"), [example])
    assert message == "Look: Input: {demonstrations}\nOutput: " + SPLIT_MARK


def test_a_meta_prompt_that_is_neither_name_nor_text() -> None:
    with pytest.raises(ConfigError, match="demonstrations") as caught:
        find_meta_prompt("publishd")
    assert "published" in caught.value.hint
