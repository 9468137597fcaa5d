"""Prompts are rendered as people expect, whatever the texts contain."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from izcore.plugin.errors import ConfigError
from izcore.plugin.examples import Example
from izcore.plugin.trials import Guidance
from izcore.scoring.prompt import DEFAULT_TEMPLATE, check_template, render_prompt

SHOWN = (Example(input="1", targets=("odd", "uneven")), Example(input="{input}", targets=("{exemplars}",)))


def render(template: str, instruction: str, input_: str, exemplars: tuple[Example, ...] = ()) -> str:
    return render_prompt(
        template, Guidance(instruction=instruction, exemplars=exemplars), Example(input=input_, targets=())
    )


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


PASSAGE = Example(
    input="Where?", targets=("Bonn",), fields={"context": "Ada lives in Bonn.", "question": "Where?"}
)
READING = "{instruction}\n\nContext: {context}\nQuestion: {question}\nAnswer:"


def test_a_template_shows_the_fields_that_it_names() -> None:
    assert render_prompt(READING, Guidance(instruction="Name the town."), PASSAGE) == (
        "Name the town.\n\nContext: Ada lives in Bonn.\nQuestion: Where?\nAnswer:"
    )
    assert render_prompt("{instruction} {input} ({context})", Guidance(instruction="Say."), PASSAGE) == (
        "Say. Where? (Ada lives in Bonn.)"
    )


def test_exemplars_show_every_field_that_the_template_names() -> None:
    shown = Example(
        input="Who?", targets=("Bo",), fields={"context": "Bo {question} ran.", "question": "Who?"}
    )
    guidance = Guidance(instruction="", exemplars=(shown,))
    assert render_prompt(READING, guidance, PASSAGE) == (
        "Context: Bo {question} ran.\nQuestion: Who?\nAnswer: Bo\n\n"
        "Context: Ada lives in Bonn.\nQuestion: Where?\nAnswer:"
    )
    mixed = "{context}\n{instruction} {question}"
    assert render_prompt(mixed, guidance, PASSAGE) == (
        "Context: Bo {question} ran.\nQuestion: Who?\nOutput: Bo\n\nAda lives in Bonn.\n Where?"
    )


def test_doubled_braces_are_braces() -> None:
    template = '{instruction}\nLike {{"town": "{input}"}}, not {{input}} or {{{input}}}.'
    assert render(template, "Do {{this}}.", "5") == 'Do {{this}}.\nLike {"town": "5"}, not {input} or {5}.'


def test_single_braces_around_other_text_stay() -> None:
    assert render('{instruction}: {input} as {"a": {"b": 1}}', "x", "5") == 'x: 5 as {"a": {"b": 1}}'


texts = st.text(st.characters(codec="utf-8"))


@given(
    pieces=st.lists(st.tuples(texts, st.sampled_from(["instruction", "input", "context", "a b", "ü.1"]))),
    values=st.tuples(texts.filter(bool), texts, texts, texts, texts),
    end=texts,
)
def test_any_text_and_any_fields_come_through_a_template(
    pieces: list[tuple[str, str]], values: tuple[str, ...], end: str
) -> None:
    """Text whose braces are doubled stands as it was, whatever it and the fields hold."""
    names = ("instruction", "input", "context", "a b", "ü.1")
    pieces = [("", "instruction"), ("{{", "input"), *pieces]  # a template doubles braces or does not
    template = "".join(f"{text.replace('{', '{{').replace('}', '}}')}{{{name}}}" for text, name in pieces)
    template += end.replace("{", "{{").replace("}", "}}")
    given_values = dict(zip(names, values, strict=True))
    fields = {name: given_values[name] for name in names[2:]}
    example = Example(input=given_values["input"], targets=(), fields=fields)
    check_template(template, fields)
    rendered = render_prompt(template, Guidance(instruction=given_values["instruction"]), example)
    assert rendered == "".join(text + given_values[name] for text, name in pieces) + end


def test_an_unknown_name_is_told_with_those_that_there_are() -> None:
    with pytest.raises(ConfigError) as caught:
        check_template("{instruction}\n{contxt}\n{input}", ("context", "question"))
    assert "no field 'contxt'; there are {context}, {question}, {input}" in caught.value.message
    assert "Did you mean context?" in (caught.value.hint or "")
    assert "{{contxt}}" in (caught.value.hint or "")
    check_template('{instruction} {{contxt}} {input} {"a": 1}', ("context",))


@pytest.mark.parametrize("template", ["{input}", "{instruction}", "{instruction} {{input}}"])
def test_a_template_needs_the_instruction_and_a_field(template: str) -> None:
    with pytest.raises(ConfigError, match="is missing"):
        check_template(template, ("context",))
    check_template("{instruction} {context}", ("context",))
