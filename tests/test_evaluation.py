"""Prompts are rendered as people expect, whatever the texts contain."""

from hypothesis import given
from hypothesis import strategies as st

from izcore.evaluation import DEFAULT_TEMPLATE, render_prompt


@given(instruction=st.text(min_size=1), input_=st.text())
def test_texts_come_through_unchanged(instruction: str, input_: str) -> None:
    expected = f"Instruction: {instruction}\n\nInput: {input_}\nOutput:"
    assert render_prompt(DEFAULT_TEMPLATE, instruction, input_) == expected


def test_without_an_instruction_its_line_disappears() -> None:
    assert render_prompt(DEFAULT_TEMPLATE, "", "5") == "Input: 5\nOutput:"
    assert render_prompt("{input}\n\nDo this: {instruction}", "", "5") == "5\n\n"
    assert render_prompt("{instruction} {input}", "", "5") == " 5"


def test_braces_in_texts_are_left_alone() -> None:
    assert (
        render_prompt("{instruction}|{input}|{other}", "say {input}", "{instruction}")
        == "say {input}|{instruction}|{other}"
    )
