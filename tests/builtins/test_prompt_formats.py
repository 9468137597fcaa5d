"""``iz export``: the prompt that won, in formats that need no library, sends what was measured."""

import json
import os
import sqlite3
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from support import TOY, Iz, assert_explained, result_of

import izcore
from izcore.engine.export import export_run
from izcore.plugin import Example, Guidance, Message, WholePrompt, find_image
from izcore.registry.registry import discover
from izcore.scoring.prompt_form import PromptForm
from izcore.scoring.whole_prompt import whole_prompt
from izcore.testing.sample_run import sample_run

HOSTILE = 'Say """it""" \\ and {x} {{y}} \'\x1b[31m\u202e"\u2028\nthen\r\ttab\\n"'
INPUTS = ("plain", '{input} """ \\ {{x}} %s $a', "line\nline", "", "\ue0000\ue000")
SMALL = ("--set", "search.initial=4", "--set", "search.rounds=0", "--set", "splits.test=5")
PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E"
    "rkJggg=="
)

Messages = list[dict[str, Any]]


def sent(form: PromptForm, guidance: Guidance, example: Example) -> Messages:
    """The texts of the messages that a scorer is given."""
    prompt = form.prompt(guidance, example)
    system = [{"role": "system", "content": prompt.system}] if prompt.system else []
    return [*system, *({"role": each.role, "content": each.text} for each in prompt.messages)]


def taken_away(form: PromptForm, guidance: Guidance, *examples: Example) -> WholePrompt:
    whole = whole_prompt(form, guidance, examples, lambda prompt: prompt)
    assert whole is not None
    return whole


def run_with(whole: WholePrompt) -> izcore.Run:
    run = sample_run("Add s.")
    assert run.result is not None
    assert run.result.best is not None
    best = msgspec.structs.replace(run.result.best, whole_prompt=whole)
    return msgspec.structs.replace(run, result=msgspec.structs.replace(run.result, best=best))


def exported(whole: WholePrompt, format_: str) -> str:
    return export_run(discover(), run_with(whole), format=format_, output=None)


def module_of(source: str, folder: Path) -> Any:
    """Call functions of a source in a Python that can import nothing but the standard library."""
    (folder / "prompt.py").write_text(source, encoding="utf-8")

    def call(function: str, *values: Any, **fields: Any) -> Any:
        program = "import json, sys; sys.path.insert(0, sys.argv[1]); import prompt; "
        program += "name, values, fields = json.load(sys.stdin); "
        program += "print(json.dumps(getattr(prompt, name)(*values, **fields)))"
        finished = subprocess.run(
            [sys.executable, "-I", "-S", "-c", program, str(folder)],
            input=json.dumps([function, values, fields]),
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(finished.stdout)

    return call


FORMS = {
    "one message": PromptForm(template="Instruction: {instruction}\n\nInput: {input}\nOutput:"),
    "system": PromptForm(template="{instruction}\n\nInput: {input}\nOutput:", placement="system"),
    "doubled braces": PromptForm(template='{{"do": "{instruction}", "with": "{input}"}}\n{input}'),
}
GUIDANCES = {
    "bare": Guidance(instruction=HOSTILE),
    "few-shot": Guidance(
        instruction=HOSTILE, exemplars=(Example(input="1 {input}", targets=("odd",)),), answer_mark="Answer:"
    ),
    "none": Guidance(instruction=""),
}


@pytest.mark.parametrize("guidance", GUIDANCES.values(), ids=GUIDANCES)
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_input_is_asked_about_as_it_was_measured(
    form: PromptForm, guidance: Guidance, tmp_path: Path
) -> None:
    whole = taken_away(form, guidance, Example(input="a", targets=()))
    call = module_of(exported(whole, "python"), tmp_path)
    for text in INPUTS:
        wanted = sent(form, guidance, Example(input=text, targets=()))
        assert whole.render({"input": text}) == wanted
        if text in INPUTS[1:3]:
            assert call("messages", text) == wanted


def test_several_columns_have_names_that_python_takes(tmp_path: Path) -> None:
    form = PromptForm(template="{instruction}\n{the text}\n{class}: {the text}")
    fields = {"the text": "T", "class": "C", "unused": "U"}
    example = Example(input="T", targets=(), fields=fields)
    whole = taken_away(form, Guidance(instruction="Do."), example)
    assert whole.fields == ("the text", "class")
    call = module_of(exported(whole, "python"), tmp_path)
    wanted = sent(form, Guidance(instruction="Do."), example)
    assert call("messages", the_text="T", class_="C") == wanted
    for values, message in (
        ({"the text": "T"}, "'class' is missing"),
        ({"the text": "T", "class": "C", "clas": "C"}, "no place for 'clas'"),
        ({"the text": "T", "class": 3}, "is no text"),
    ):
        with pytest.raises(izcore.UsageError, match=message):
            whole.render(values)  # type: ignore[arg-type]


def test_the_answer_is_read_as_it_was_when_it_was_scored(tmp_path: Path) -> None:
    call = module_of(exported(taken_away(FORMS["system"], GUIDANCES["few-shot"]), "python"), tmp_path)
    assert call("answer", "It ends in 3.\n**answer:** odd*") == "odd"
    assert call("answer", "odd") == "odd"


def test_conversations_and_images_are_rendered_where_they_were_shown(tmp_path: Path) -> None:
    turns = (Message(role="user", text="Hello"), Message(role="assistant", text="Yes?"))
    example = Example(input="What is it?", targets=("red",), turns=turns, images=(find_image(PIXEL),))
    form = PromptForm(template="{instruction}\n\n{input}", placement="system")
    whole = taken_away(form, Guidance(instruction="Name it.", exemplars=(example,)), example)
    said = [{"role": turn.role, "content": turn.text} for turn in turns]
    parts = [{"type": "image_url", "image_url": {"url": PIXEL}}, {"type": "text", "text": "What is it?"}]
    wanted = [
        {"role": "system", "content": "Name it."},
        *said,
        {"role": "user", "content": parts},
        {"role": "assistant", "content": "red"},
        *said,
        {"role": "user", "content": parts},
    ]
    assert whole.render({"input": "What is it?"}, images=[PIXEL], turns=said) == wanted
    call = module_of(exported(whole, "python"), tmp_path)
    assert call("messages", input="What is it?", images=[PIXEL], turns=said) == wanted
    assert json.loads(exported(whole, "messages"))[3]["content"] == parts
    with pytest.raises(izcore.UsageError, match="shows images"):
        exported(whole, "text")
    plain = taken_away(form, Guidance(instruction="Name it."))
    for more in ({"images": [PIXEL]}, {"turns": said}):
        with pytest.raises(izcore.UsageError, match="measured without"):
            plain.render({"input": "x"}, **more)  # type: ignore[arg-type]


def test_a_scorer_of_single_messages_was_sent_one_text() -> None:
    form, guidance = FORMS["system"], GUIDANCES["few-shot"]
    folded = whole_prompt(form, guidance, (), lambda prompt: prompt.folded(), system="Be brief.")
    assert folded is not None
    asked = form.prompt(guidance, Example(input="5", targets=())).folded().text
    assert folded.render({"input": "5"}) == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": asked},
    ]
    talk = Example(input="x", targets=(), turns=(Message(role="user", text="Hello"),))
    assert whole_prompt(form, guidance, (talk,), lambda prompt: prompt.folded()) is None


def test_toml_and_json_hold_the_same_texts() -> None:
    whole = taken_away(FORMS["system"], Guidance(instruction=HOSTILE + '\n""""'))
    in_toml = tomllib.loads(exported(whole, "toml"))
    wanted = whole.render({"input": "{input}"})
    assert in_toml["messages"] == json.loads(exported(whole, "messages")) == wanted
    assert in_toml["fields"] == ["input"]
    assert in_toml["measured"] | {"score": 0.5, "examples": 2} == in_toml["measured"]
    confusing = taken_away(FORMS["system"], Guidance(instruction="Repeat {input}."))
    for format_ in ("text", "messages", "toml"):
        with pytest.raises(izcore.UsageError, match=r"itself holds the text \{input\}.*\n.*python"):
            exported(confusing, format_)


def test_the_command_takes_the_winner_away_as_it_is_sent(iz: Iz, tmp_path: Path) -> None:
    run_id = result_of(iz("optimize", "mirror", *TOY, *SMALL, "--json"))["run_id"]
    run = izcore.run(run_id)
    assert run.result is not None
    assert run.result.best is not None
    assert iz("export", "last", "-o", "prompt.py", cwd=tmp_path).returncode == 0
    wanted = run.result.render(input="abc")
    (prompt,) = sent(FORMS["one message"], run.result.best.guidance, Example(input="abc", targets=()))
    assert wanted == [prompt]
    assert module_of((tmp_path / "prompt.py").read_text(), tmp_path)("messages", "abc") == wanted
    assert iz("export", "last").stdout.strip() == prompt["content"].replace("abc", "{input}")
    older = msgspec.structs.replace(run.result.best, whole_prompt=None)
    with pytest.raises(izcore.UsageError, match="no prompt to render"):
        msgspec.structs.replace(run.result, best=older).render(input="abc")

    assert "messages" in iz("export", "last", "--list-formats").stdout
    for arguments, *messages in (
        (("--to", "csv"), "csv is a format of a run", "iz runs export RUN --format csv"),
        (("--to", "pyhton"), "no exporter named 'pyhton'", "python"),
        (("-o", "prompt.py"), "prompt.py: is there already", "--force"),
        (("-o", "prompt.md"), "no format of a prompt is known for files that end in .md"),
        (("-o", "nowhere/prompt.py"), "nowhere/prompt.py: cannot be written"),
    ):
        assert_explained(iz("export", "last", *arguments, cwd=tmp_path), *messages)
    assert iz("export", "last", "-o", "prompt.py", "--force", cwd=tmp_path).returncode == 0
    assert_explained(iz("runs", "export", "last", "--format", "python"), "iz export RUN --to python")


def test_a_run_without_a_winner_says_so(iz: Iz) -> None:
    run_id = result_of(iz("optimize", "mirror", *TOY, *SMALL, "--json"))["run_id"]
    with sqlite3.connect(os.environ["IZ_DB"]) as db:
        db.execute("UPDATE runs SET status = 'interrupted', result = NULL")
    db.close()
    refused = iz("export", "last")
    assert_explained(refused, f"{run_id} has no winner: its status is interrupted", "iz resume")
