"""Prompts are rendered as people expect, whatever the texts contain."""

from hypothesis import given
from hypothesis import strategies as st

from izcore.plugin.examples import Example
from izcore.plugin.trials import Guidance
from izcore.scoring.prompt import DEFAULT_TEMPLATE, render_prompt

SHOWN = (Example(input="1", targets=("odd", "uneven")), Example(input="{input}", targets=("{exemplars}",)))


def render(template: str, instruction: str, input_: str, exemplars: tuple[Example, ...] = ()) -> str:
    return render_prompt(template, Guidance(instruction=instruction, exemplars=exemplars), input_)


@given(instruction=st.text(min_size=1), input_=st.text())
def test_texts_come_through_unchanged(instruction: str, input_: str) -> None:
    expected = f"Instruction: {instruction}\n\nInput: {input_}\nOutput:"
    assert render(DEFAULT_TEMPLATE, instruction, input_) == expected


def test_without_an_instruction_its_line_disappears() -> None:
    assert render(DEFAULT_TEMPLATE, "", "5") == "Input: 5\nOutput:"
    assert render("{input}\n\nDo this: {instruction}", "", "5") == "5\n\n"
    assert render("{instruction} {input}", "", "5") == " 5"


def test_braces_in_texts_are_left_alone() -> None:
    rendered = render("{instruction}|{input}|{other}", "say {input}", "{instruction}")
    assert rendered == "say {input}|{instruction}|{other}"


def test_exemplars_look_like_the_question_that_they_precede() -> None:
    shown = "Input: 1\nOutput: odd\n\nInput: {input}\nOutput: {exemplars}\n\n"
    expected = f"Instruction: Odd or even?\n\n{shown}Input: 5\nOutput:"
    assert render(DEFAULT_TEMPLATE, "Odd or even?", "5", SHOWN) == expected
    assert render(DEFAULT_TEMPLATE, "", "5", SHOWN) == f"{shown}Input: 5\nOutput:"
    chat = "{instruction}\nQ: {input}\nA (one word):"
    assert render(chat, "Do.", "5", SHOWN[:1]) == "Do.\nQ: 1\nA (one word): odd\n\nQ: 5\nA (one word):"


def test_exemplars_stand_where_the_template_says() -> None:
    template = "{instruction}\n\nSome examples:\n{exemplars}\n\n{input} ="
    assert render(template, "Say.", "5", SHOWN[:1]) == "Say.\n\nSome examples:\n1 = odd\n\n5 ="
    alone = "Examples: {exemplars}\n\n{instruction}\n{input} ="
    assert render(alone, "Say.", "5") == "Say.\n5 ="


def test_a_line_with_instruction_and_input_is_no_form_for_exemplars() -> None:
    assert render("{instruction} {input}", "Do", "5", SHOWN[:1]) == "Input: 1\nOutput: odd\n\nDo 5"
