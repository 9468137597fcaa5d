"""What a model answers becomes an instruction, or nothing at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from izcore.plugin import Example
from izcore_writers.reading import read_instruction
from izcore_writers.templates import as_pairs, fill


@pytest.mark.parametrize(
    ("answer", "tag", "expected"),
    [
        ("The instruction was to write the plural.", "", "Write the plural."),
        ("Sure! Here is the instruction:\n\n“Write the plural.”\n\nHope it helps.", "", "Write the plural."),
        ("Output: Write the plural.", "", "Write the plural."),
        ("1. Merged: Write it.\n2. <prompt>Write the plural.</prompt> Done.", "prompt", "Write the plural."),
        ("<prompt>One.</prompt>\nOr rather <PROMPT>\nTwo.\n</PROMPT>", "prompt", "Two."),
        ("<prompt>Write the plural. And do not", "prompt", "Write the plural."),
        ("<INS>Write the plural<INS>", "INS", "Write the plural."),
        ("Write the plural</INS>", "INS", "Write the plural."),
        ("<INS></INS>\n\nWrite the plural.", "INS", "Write the plural."),
        ("Write <b>bold</b> words.", "INS", "Write <b>bold</b> words."),
        ("...", "", ""),
        ("<prompt> </prompt>", "prompt", ""),
        ("", "INS", ""),
    ],
)
def test_the_instruction_is_found(answer: str, tag: str, expected: str) -> None:
    assert read_instruction(answer, tag=tag, max_words=60) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("<INS>Sort it.</INS> I hope so.", "Sort it."),
        ("Sort it.</INS> I hope so.", "Sort it."),
        (" Sort it.\n\nIt is short.", "Sort it."),
        ("Sort it.\n<INS>\nProblem:", "Sort it."),
    ],
)
def test_an_answer_that_was_begun_for_the_model_is_read_from_there(answer: str, expected: str) -> None:
    assert read_instruction(answer, tag="INS", prefill="<INS>", max_words=60) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("Merged: A. B.\n2. <prompt>Read it.</prompt>", "Read it."),
        ("New: Read it.\n4. Final Prompt: Read all of it.", "Read all of it."),
        ("<prompt>Name the city.</prompt>", ""),
        ("Read it.\nPlease go step by step.\n\nPrompt 1: Sort it.", "Read it."),
        ("A final prompt bracketed with <prompt> and </prompt>\nRead it.", "Read it."),
        ("Read it.\n3. Bracket it with <prompt> and </prompt>.", "Read it."),
    ],
)
def test_the_last_step_counts_and_echoes_of_the_question_do_not(answer: str, expected: str) -> None:
    asked = (
        "Please go step by step.\n2. <prompt>Name the city.</prompt>\n\n"
        "3. Bracket it with <prompt> and </prompt>.\nPrompt 1: Sort it."
    )
    assert read_instruction(answer, asked=asked, tag="prompt", max_words=60) == expected


@pytest.mark.parametrize(
    ("max_words", "expected"),
    [
        (9, "Read the word. Write its plural. Say nothing else."),
        (8, "Read the word. Write its plural."),
        (4, "Read the word."),
        (2, "Read the"),
    ],
)
def test_only_whole_sentences_are_kept_of_a_long_one(max_words: int, expected: str) -> None:
    answer = "Read the word. Write its plural. Say nothing else."
    assert read_instruction(answer, max_words=max_words) == expected


@given(st.text(max_size=80), st.sampled_from(["", "INS", "prompt"]), st.integers(1, 9))
def test_any_answer_gives_a_short_instruction_or_none(answer: str, tag: str, max_words: int) -> None:
    found = read_instruction(answer, tag=tag, max_words=max_words)
    assert len(found.split()) <= max_words
    assert found == found.strip()


def test_braces_in_data_are_data() -> None:
    pairs = as_pairs([Example(input="{instruction}", targets=("{x}", "y"))])
    assert fill("A {pairs} B {pairs}", pairs=pairs) == f"A {pairs} B {pairs}"
    assert pairs == "Input: {instruction}\nOutput: {x}"
