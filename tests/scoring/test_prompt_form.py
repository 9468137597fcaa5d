"""Where the instruction stands in a prompt, and what that makes of templates and exemplars."""

import msgspec
import pytest

from izcore.config.schema import Placement
from izcore.plugin.calls import Image, Message, Prompt
from izcore.plugin.coordinates import Place
from izcore.plugin.errors import ConfigError
from izcore.plugin.examples import Example
from izcore.plugin.trials import Guidance
from izcore.scoring.prompt_form import DEFAULT_TEMPLATES, PromptForm

FIVE = Example(input="5", targets=("odd",))
SHOWN = (Example(input="1", targets=("odd", "uneven")), Example(input="{input}", targets=("even",)))


def system_form(template: str = DEFAULT_TEMPLATES["system"]) -> PromptForm:
    return PromptForm(template=template, placement="system")


def test_one_message_holds_all_of_the_template() -> None:
    form = PromptForm(template=DEFAULT_TEMPLATES["one-message"])
    prompt = form.prompt(Guidance(instruction="Odd or even?"), FIVE)
    assert prompt == Prompt(text="Instruction: Odd or even?\n\nInput: 5\nOutput:")


def test_the_instruction_becomes_the_system_message() -> None:
    prompt = system_form().prompt(Guidance(instruction="Odd or even?\nSay {input}."), FIVE)
    assert prompt == Prompt(system="Odd or even?\nSay {input}.", text="Input: 5\nOutput:")


def test_what_stands_before_the_instruction_is_part_of_the_system_message() -> None:
    form = system_form("You are a clerk.\nYour task: {instruction} Be brief.\n\n\nQ: {input}\nA:")
    prompt = form.prompt(Guidance(instruction="Odd or even?"), FIVE)
    assert prompt.system == "You are a clerk.\nYour task: Odd or even? Be brief."
    assert prompt.text == "Q: 5\nA:"


def test_without_an_instruction_there_is_no_system_message() -> None:
    assert system_form().prompt(Guidance(instruction=""), FIVE) == Prompt(text="Input: 5\nOutput:")


def test_exemplars_are_turns() -> None:
    prompt = system_form().prompt(Guidance(instruction="Odd or even?", exemplars=SHOWN), FIVE)
    assert prompt.turns == (
        Message(role="user", text="Input: 1\nOutput:"),
        Message(role="assistant", text="odd"),
        Message(role="user", text="Input: {input}\nOutput:"),
        Message(role="assistant", text="even"),
    )
    assert prompt.text == "Input: 5\nOutput:"


def test_exemplars_can_be_turns_where_the_template_is_one_message() -> None:
    guidance = Guidance(instruction="Odd or even?", exemplars=SHOWN, as_turns=True)
    form = PromptForm(template=DEFAULT_TEMPLATES["one-message"])
    prompt = form.prompt(guidance, FIVE)
    assert prompt == Prompt(
        turns=(
            Message(role="user", text="Instruction: Odd or even?\n\nInput: 1\nOutput:"),
            Message(role="assistant", text="odd"),
            Message(role="user", text="Input: {input}\nOutput:"),
            Message(role="assistant", text="even"),
        ),
        text="Input: 5\nOutput:",
    )
    behind = form.prompt(msgspec.structs.replace(guidance, placement="after"), FIVE)
    assert [turn.text for turn in behind.turns[::2]] == ["Input: 1\n\nOutput:", "Input: {input}\n\nOutput:"]
    assert behind.text == "Input: 5\n\nInstruction: Odd or even?\n\nOutput:"
    in_system = form.prompt(msgspec.structs.replace(guidance, placement="system"), FIVE)
    turns = (Message(role="user", text="Input: 1\nOutput:"), *prompt.turns[1:])
    assert (in_system.system, in_system.turns) == ("Odd or even?", turns)
    unsaid = form.prompt(msgspec.structs.replace(guidance, instruction=""), FIVE)
    assert (unsaid.turns, unsaid.text) == (turns, "Input: 5\nOutput:")


@pytest.mark.parametrize(
    ("template", "possible"),
    [
        (DEFAULT_TEMPLATES["one-message"], True),
        ("Be brief.\n{instruction}\n{input}", True),
        ("{instruction}: {input}", False),
        ("{instruction}\n{exemplars}\n{input}", False),
    ],
)
def test_exemplars_can_be_turns_where_the_template_can_do_without_the_instruction(
    template: str, possible: bool
) -> None:
    form = PromptForm(template=template)
    assert form.can_have_turns(messages=True) is possible
    assert not form.can_have_turns(messages=False)
    assert not system_form().can_have_turns(messages=True), "they are turns there anyway"


def test_exemplars_stand_where_the_template_says() -> None:
    form = system_form("{instruction}\n\n{exemplars}\n\nNow: {input}")
    prompt = form.prompt(Guidance(instruction="Odd or even?", exemplars=SHOWN[:1]), FIVE)
    assert (prompt.turns, prompt.text) == ((), "Now: 1 odd\n\nNow: 5")


@pytest.mark.parametrize("template", ["{instruction}: {input}", "{input}\n\n{instruction}"])
def test_a_template_that_cannot_be_cut_is_refused(template: str) -> None:
    with pytest.raises(ConfigError, match="no system message can be cut"):
        system_form(template).check()
    PromptForm(template=template).check()


CHAT = Example(
    input="Which?",
    targets=("figs",),
    turns=(Message(role="user", text="I like figs."), Message(role="assistant", text="So?")),
)
PICTURE = Example(input="Which colour?", targets=("red",), images=(Image(source="https://example.org/a"),))


def test_turns_and_images_of_an_example_are_sent_as_such() -> None:
    form, do = PromptForm(template=DEFAULT_TEMPLATES["one-message"]), Guidance(instruction="Do.")
    assert form.prompt(do, CHAT) == Prompt(
        text="Instruction: Do.\n\nInput: Which?\nOutput:", turns=CHAT.turns
    )
    assert form.prompt(do, PICTURE).images == PICTURE.images
    prompt = system_form().prompt(do, CHAT)
    assert prompt == Prompt(system="Do.", turns=CHAT.turns, text="Input: Which?\nOutput:")


def test_conversations_and_images_are_exemplars_as_turns() -> None:
    prompt = system_form("{instruction}\n\n{input}").prompt(
        Guidance(instruction="Do.", exemplars=(CHAT, PICTURE)), FIVE
    )
    assert prompt.turns == (
        *CHAT.turns,
        Message(role="user", text="Which?"),
        Message(role="assistant", text="figs"),
        Message(role="user", text="Which colour?", images=PICTURE.images),
        Message(role="assistant", text="red"),
    )


@pytest.mark.parametrize("exemplar", [CHAT, PICTURE])
def test_exemplars_that_do_not_fit_into_a_text_are_refused(exemplar: Example) -> None:
    system_form().check_exemplars([exemplar])
    with_place = system_form("{instruction}\n{exemplars}\n{input}")
    for form in (PromptForm(template=DEFAULT_TEMPLATES["one-message"]), with_place):
        form.check_exemplars([FIVE])
        with pytest.raises(ConfigError, match="few_shot: conversations and images"):
            form.check_exemplars([exemplar])


def test_doubled_braces_are_no_placeholder() -> None:
    form = system_form("Task: {instruction}\n{input} {{instruction}}")
    form.check()
    prompt = form.prompt(Guidance(instruction="Odd or even?"), FIVE)
    assert (prompt.system, prompt.text) == ("Task: Odd or even?", "5 {instruction}")


DEFAULT, SYSTEM = DEFAULT_TEMPLATES["one-message"], DEFAULT_TEMPLATES["system"]
TOLD = Guidance(instruction="Odd or even?")


def prompt_at(form: PromptForm, placement: Place, guidance: Guidance = TOLD) -> Prompt:
    return form.prompt(msgspec.structs.replace(guidance, placement=placement), FIVE)


@pytest.mark.parametrize(
    "form", [PromptForm(template=DEFAULT), PromptForm(template="Input: {input}\nOutput:", placement="system")]
)
def test_a_guidance_may_place_its_instruction_elsewhere(form: PromptForm) -> None:
    label = "Instruction: " if form.placement == "one-message" else ""
    assert prompt_at(form, "system") == Prompt(system="Odd or even?", text="Input: 5\nOutput:")
    assert prompt_at(form, "before").text == f"{label}Odd or even?\n\nInput: 5\nOutput:"
    assert prompt_at(form, "after").text == f"Input: 5\n\n{label}Odd or even?\n\nOutput:"
    assert prompt_at(form, "after", Guidance(instruction="")).text == "Input: 5\n\nOutput:"
    shown = prompt_at(form, "after", Guidance(instruction="Odd or even?", exemplars=SHOWN[:1])).text
    assert shown == f"Input: 1\nOutput: odd\n\nInput: 5\n\n{label}Odd or even?\n\nOutput:"


@pytest.mark.parametrize(
    ("template", "run_wide", "messages", "places"),
    [
        (DEFAULT, "one-message", True, ("before", "system", "after")),
        (DEFAULT, "one-message", False, ("before", "after")),
        (SYSTEM, "system", True, ("system", "before", "after")),
        ("{input} ->", "system", True, ("system", "before", "after")),
        ("Do: {instruction}\n{input} ->", "one-message", True, ("", "system")),
        ("Do: {instruction}\n{input} ->", "one-message", False, ("",)),
        ("{context}\n{instruction}\n{input} ->", "one-message", True, ("",)),
        ("{input}\n{instruction}", "one-message", True, ("",)),
        ("Do: {instruction}\n{input} ->", "system", True, ("system",)),
    ],
)
def test_a_template_of_ones_own_leaves_fewer_places(
    template: str, run_wide: Placement, messages: bool, places: tuple[Place, ...]
) -> None:
    form = PromptForm(template=template, placement=run_wide)
    assert form.placements(messages=messages) == places


def test_a_template_without_an_instruction_needs_another_place_for_it() -> None:
    PromptForm(template="{input} ->", placement="system").check()
    with pytest.raises(ConfigError, match=r"\{instruction\} is missing"):
        PromptForm(template="{input} ->").check()


def test_the_key_of_a_guidance_tells_turns_from_text() -> None:
    within = Guidance(instruction="Odd or even?", exemplars=SHOWN)
    as_turns = msgspec.structs.replace(within, as_turns=True)
    assert "as_turns" not in within.key, "databases of older versions hold keys without it"
    assert [Guidance.of_key(each.key) for each in (within, as_turns)] == [within, as_turns]


def test_the_key_of_a_guidance_is_as_it_was_where_it_has_no_place_of_its_own() -> None:
    shown = Guidance(instruction="Go.", exemplars=SHOWN[1:], room=9)
    assert "placement" not in shown.key
    placed = msgspec.structs.replace(shown, placement="after")
    assert [Guidance.of_key(each.key) for each in (shown, placed)] == [shown, placed]
