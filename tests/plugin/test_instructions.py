"""Instructions are cleaned so that a black box can follow them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from izcore.plugin import BLANK_INSTRUCTION, clean_instruction

PREFILL = "The instruction was to"

FRAGMENTS = st.sampled_from(
    [
        *("The instruction was to ", "Instruction: ", "**Instruction:** ", "Sure, ", "Sure!", "The task is"),
        *("here is the instruction:", '"', "'", "“", "”", "`", "**", "_", " ", "\n", "\t", "- ", "1. "),
        *("write the plural", "to", "And 3.5", "e.g. ", ". ", "!", "?", ":", ",", "…", "Input: ", "ß", "ŉ"),
    ]
)
TEXTS = st.one_of(st.text(max_size=60), st.lists(FRAGMENTS, max_size=12).map("".join))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (" write the plural of the word", "Write the plural of the word."),
        (" write the plural.", "Write the plural."),
        (' "Write the plural."', "Write the plural."),
        (': "Write the plural', "Write the plural."),
        (" write the plural. Then the", "Write the plural."),
        (" use e.g. the plural. Then the", "Use e.g. the plural."),
        (" write the  plural\n\nInput: cat\nOutput: cats", "Write the plural."),
        ("\n\n- Write the plural", "Write the plural."),
    ],
)
def test_continuation_of_a_begun_answer_becomes_an_imperative_sentence(raw: str, expected: str) -> None:
    assert clean_instruction(raw, PREFILL) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Sure, here is the instruction: Write the plural.", "Write the plural."),
        ("Sure! Here's a short instruction for this task:\nWrite the plural.", "Write the plural."),
        ("The instruction was to write the plural.", "Write the plural."),
        ("The instruction for the task is: write the plural.", "Write the plural."),
        ("**Instruction:** Write the plural.", "Write the plural."),
        ("Final Prompt: Output: Write the plural.", "Write the plural."),
        ("“Write the plural.”", "Write the plural."),
        ("Write “cats” for “cat”.", "Write “cats” for “cat”."),
        ("1. Read the word.\n2. Write its plural.", "1. Read the word.\n2. Write its plural."),
        ("Instructive examples follow.", "Instructive examples follow."),
        ("请写出复数。", "请写出复数。"),
    ],
)
def test_lead_ins_and_quotes_go_and_content_stays(raw: str, expected: str) -> None:
    assert clean_instruction(raw) == expected


def test_users_own_prefill_is_part_of_the_instruction() -> None:
    assert clean_instruction(" the sentence", "Classify") == "Classify the sentence."


@pytest.mark.parametrize(
    ("raw", "expected"), [("", BLANK_INSTRUCTION), (" \n", BLANK_INSTRUCTION), ('""', '""')]
)
def test_what_stands_for_nothing(raw: str, expected: str) -> None:
    assert clean_instruction(raw, PREFILL) == expected


@given(TEXTS, st.sampled_from(["", PREFILL, "The task is to", "Classify"]))
def test_never_empty_and_cleaning_twice_changes_nothing(raw: str, prefill: str) -> None:
    cleaned = clean_instruction(raw, prefill)
    assert cleaned.strip()
    assert clean_instruction(cleaned) == cleaned
