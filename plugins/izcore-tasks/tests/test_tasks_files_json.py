"""JSON and JSON lines: any text survives, both formats' faults have their place, chats become turns."""

import base64
import contextlib
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import PNG

from izcore.plugin import DataError, Message, TaskData

Load = Callable[..., TaskData]

cell = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda text: not text.isspace())


def write(folder: Path, content: Any, name: str) -> Path:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def lines(*rows: Any) -> str:
    return "\n".join(row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows)


def problems(load: Load, path: Path, **options: object) -> tuple[str, ...]:
    with pytest.raises(DataError) as caught:
        load(path, **options)
    return caught.value.problems


@given(
    rows=st.lists(
        st.tuples(cell, st.lists(cell, min_size=1, max_size=3, unique=True)),
        min_size=1,
        max_size=8,
        unique_by=lambda row: row[0],
    ),
    ascii_only=st.booleans(),
    name=st.sampled_from(["task.jsonl", "task.ndjson", "task.json"]),
)
def test_whatever_is_written_is_loaded(
    load: Load, rows: list[tuple[str, list[str]]], ascii_only: bool, name: str
) -> None:
    objects = [{"input": text, "targets": targets} for text, targets in rows]
    written = [json.dumps(each, ensure_ascii=ascii_only) for each in objects]
    text = f"[{','.join(written)}]" if name.endswith(".json") else "\r\n".join(written)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(text.encode())
        data = load(path)
    assert [(example.input, list(example.targets)) for example in data.examples] == rows


@given(st.text())
def test_any_text_loads_or_is_a_data_error(load: Load, text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name in ("task.json", "task.jsonl", "task.csv"):
            path = Path(folder) / name
            path.write_bytes(text.encode("utf-8", "surrogatepass"))
            with contextlib.suppress(DataError):
                assert load(path).examples


known = st.sampled_from(
    [
        "input",
        "target",
        "output",
        "targets",
        "examples",
        "target_scores",
        "cause",
        "effect",
        "items",
        "role",
        "content",
    ]
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(known | st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(value=json_values)
def test_any_json_loads_or_is_a_data_error(load: Load, value: Any) -> None:
    wrapped = (value, [value], {"examples": value}, {"examples": [value]}, {"examples": {"1": value}})
    with tempfile.TemporaryDirectory() as folder:
        for document in wrapped:
            for name in ("task.json", "task.jsonl"):
                with contextlib.suppress(DataError):
                    assert load(write(Path(folder), document, name)).examples


def test_numbers_and_booleans_are_text(load: Load, tmp_path: Path) -> None:
    rows = lines({"input": 5, "output": [1.5, True, None, ""]}, {"input": False, "output": 0})
    data = load(write(tmp_path, rows, "task.jsonl"))
    assert [(example.input, example.targets) for example in data.examples] == [
        ("5", ("1.5", "true")),
        ("false", ("0",)),
    ]


def test_faults_are_listed_together_in_order_with_their_line(load: Load, tmp_path: Path) -> None:
    rows = lines(
        {"input": "a", "output": "b"},
        {"input": "no target"},
        "",
        [1],
        '{"input": ',
        {"input": {"x": 1}, "output": "b"},
        '{"input": "half \\ud800", "output": "x"}',
        {"input": "x", "output": []},
        '{"input": "x", "output": NaN}',
    )
    assert problems(load, write(tmp_path, rows, "task.jsonl")) == (
        "line 2: no target",
        "line 4: a list, where an object belongs",
        "line 5: not valid JSON: Expecting value (column 11)",
        "line 6: the input is an object, where text belongs",
        "line 7: half a character (a lone surrogate, \\ud800 to \\udfff)",
        "line 8: no target",
        "line 9: the target is the number nan, where text belongs",
    )


def test_faults_of_a_list_have_the_number_of_their_example(load: Load, tmp_path: Path) -> None:
    rows = [{"question": "a", "answer": "b"}, "c", {"question": "", "answer": "d"}]
    assert problems(load, write(tmp_path, rows, "task.json")) == (
        "example 2: text, where an object belongs",
        "example 3: no input",
    )


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ('[\n{"input": "a",}]', "line 2, column 1"),
        ("[" * 100_000, "nested too deeply"),
        ("7", "it holds a number"),
        ('{"annotations": ["Write it."]}', "it holds an object with the keys 'annotations'"),
        ("[]", "no examples"),
        ('{"examples": []}', "no examples"),
        ('{"examples": {}}', "no examples"),
    ],
)
def test_documents_that_are_no_task(load: Load, tmp_path: Path, content: str, problem: str) -> None:
    (found,) = problems(load, write(tmp_path, content, "task.json"))
    assert problem in found


def test_one_document_named_jsonl_says_how_to_name_it(load: Load, tmp_path: Path) -> None:
    path = write(tmp_path, json.dumps([{"input": "a", "output": "b"}], indent=1), "task.jsonl")
    with pytest.raises(DataError, match=r"Name it \.json"):
        load(path)


def test_keys_can_be_named_and_unknown_ones_are(load: Load, tmp_path: Path) -> None:
    path = write(tmp_path, {"examples": [{"q": "a", "a1": "b", "a2": "c", "o": ["b", "d"]}]}, "task.json")
    data = load(path, input="q", target=["a1", "a2"], choices="o")
    assert data.examples[0].targets == ("b", "c")
    assert data.examples[0].choices == ("b", "d")
    assert data.metric == "choice"
    assert problems(load, path, input="q", target="a3")[0].startswith(
        "there is no column 'a3'. Did you mean a"
    )


def test_missing_choices_are_a_fault(load: Load, tmp_path: Path) -> None:
    path = write(
        tmp_path, lines({"input": "a", "target": "b", "o": ["b"]}, {"input": "c", "target": "b"}), "t.jsonl"
    )
    assert problems(load, path, choices="o") == ("line 2: no choices",)


def test_lines_in_a_json_file_and_lists_under_usual_keys_are_read(load: Load, tmp_path: Path) -> None:
    rows = lines({"input": "a", "target": "b"}, {"input": "c", "target": "d"})
    assert len(load(write(tmp_path, rows, "lines.json")).examples) == 2
    listed = {"version": 1, "data": [{"input": "a", "target": "b"}]}
    assert load(write(tmp_path, listed, "data.json")).examples[0].targets == ("b",)


def test_nested_keys_can_be_named(load: Load, tmp_path: Path) -> None:
    row = {"id": 1, "fields": {"input": "a", "gold": {"text": "b"}}}
    data = load(write(tmp_path, lines(row), "t.jsonl"), input="fields.input", target="fields.gold.text")
    assert (data.examples[0].input, data.examples[0].targets) == ("a", ("b",))


@pytest.mark.parametrize(
    ("key", "form"),
    [
        ("messages", lambda role, text: {"role": role, "content": text}),
        (
            "conversations",
            lambda role, text: {"from": {"user": "human", "assistant": "gpt"}.get(role, role), "value": text},
        ),
    ],
)
def test_files_for_chat_training_are_tasks(load: Load, tmp_path: Path, key: str, form: Any) -> None:
    samples = [
        {key: [form("system", "Name the town."), form("user", f"Where is {town}?"), form("assistant", town)]}
        for town in ("Lima", "Oslo")
    ]
    data = load(write(tmp_path, lines(*samples), "ft.jsonl"))
    assert [(e.input, *e.targets) for e in data.examples] == [
        ("Where is Lima?", "Lima"),
        ("Where is Oslo?", "Oslo"),
    ]
    assert data.human_instructions == ("Name the town.",)


# --- OpenAI's evals ------------------------------------------------------------------------------


def turn(role: str, text: str) -> dict[str, str]:
    return {"role": role, "content": text}


def sample(*messages: tuple[str, str], ideal: Any = "yes") -> dict[str, Any]:
    return {"input": [{"role": role, "content": content} for role, content in messages], "ideal": ideal}


def test_a_system_message_that_all_share_is_a_human_instruction(load: Load, tmp_path: Path) -> None:
    rows = lines(
        sample(("system", "Answer briefly."), ("user", "One?"), ideal=["yes", "Yes."]),
        sample(("system", "Answer briefly."), ("user", "Two?")),
    )
    data = load(write(tmp_path, rows, "task.jsonl"))
    assert data.human_instructions == ("Answer briefly.",)
    assert [example.input for example in data.examples] == ["One?", "Two?"]
    assert data.examples[0].targets == ("yes", "Yes.")
    assert any("Answer briefly." in note for note in data.notes)


def test_messages_that_differ_stay_in_the_input(load: Load, tmp_path: Path) -> None:
    rows = lines(
        sample(("system", "Be brief."), ("user", "One?")),
        sample(("system", "Be long."), ("user", "Two?"), ("assistant", "Hm."), ("user", "So?")),
        {"input": "plain text", "ideal": "yes"},
    )
    data = load(write(tmp_path, rows, "task.jsonl"))
    assert data.human_instructions == ()
    assert [example.input for example in data.examples] == [
        "system: Be brief.\nuser: One?",
        "So?",
        "plain text",
    ]
    assert [example.turns for example in data.examples] == [
        (),
        (
            Message(role="user", text="system: Be long.\nuser: Two?"),
            Message(role="assistant", text="Hm."),
        ),
        (),
    ]


def test_a_lone_system_message_is_the_input(load: Load, tmp_path: Path) -> None:
    data = load(
        write(tmp_path, lines(sample(("system", "Is it?")), sample(("system", "Is it?"))), "task.jsonl")
    )
    assert data.examples[0].input == "Is it?"
    assert data.human_instructions == ()


def test_conversations_that_end_alike_are_different_examples(load: Load, tmp_path: Path) -> None:
    rows = [
        {
            "messages": [
                turn("user", f"I like {fruit}."),
                turn("assistant", "So?"),
                turn("user", "Which?"),
                turn("assistant", fruit),
            ]
        }
        for fruit in ("figs", "plums", "figs")
    ]
    data = load(write(tmp_path, lines(*rows), "ft.jsonl"))
    assert [(e.turns[0].text, e.input, e.targets) for e in data.examples] == [
        ("I like figs.", "Which?", ("figs",)),
        ("I like plums.", "Which?", ("plums",)),
    ]
    assert data.examples[0].full_input == "User: I like figs.\n\nAssistant: So?\n\nUser: Which?"


def test_shown_examples_of_evals_are_turns(load: Load, tmp_path: Path) -> None:
    def named(name: str, text: str) -> dict[str, str]:
        return {"role": "system", "name": name, "content": text}

    rows = [
        {
            "input": [
                turn("system", "Add."),
                named("example_user", "1 1"),
                named("example_assistant", "2"),
                turn("user", asked),
            ],
            "ideal": "3",
        }
        for asked in ("1 2", "2 1")
    ]
    data = load(write(tmp_path, lines(*rows), "task.jsonl"))
    assert data.human_instructions == ("Add.",)
    assert data.examples[1].input == "2 1"
    assert [(turn.role, turn.text) for turn in data.examples[1].turns] == [
        ("user", "1 1"),
        ("assistant", "2"),
    ]


def test_further_forms_of_chat_training(load: Load, tmp_path: Path) -> None:
    def parts(role: str, text: str) -> dict[str, Any]:
        return {"role": role, "parts": [{"text": text}]}

    towns, system = ("Lima", "Oslo"), turn("system", "Name the town.")
    forms: dict[str, list[dict[str, Any]]] = {
        "contents": [
            {
                "systemInstruction": parts("system", "Name the town."),
                "contents": [parts("user", f"Where is {town}?"), parts("model", town)],
            }
            for town in towns
        ],
        "beside": [
            {
                "system": "Name the town.",
                "messages": [turn("User", f"Where is {town}?"), turn("Chatbot", town)],
            }
            for town in towns
        ],
        "completion": [
            {
                "prompt": [system, turn("user", f"Where is {town}?")],
                "completion": [turn("assistant", town)],
            }
            for town in towns
        ],
        "answer": [
            {
                "messages": [turn("system", "Name the town."), turn("user", f"Where is {town}?")],
                "answer": town,
            }
            for town in towns
        ],
    }
    for name, rows in forms.items():
        data = load(write(tmp_path, lines(*rows), f"{name}.jsonl"))
        assert [(e.input, e.targets) for e in data.examples] == [
            ("Where is Lima?", ("Lima",)),
            ("Where is Oslo?", ("Oslo",)),
        ], name
        assert data.human_instructions == ("Name the town.",), name


def test_a_name_does_not_change_who_speaks(load: Load, tmp_path: Path) -> None:
    asked = [
        {**turn("user", "Hello."), "name": "Ann"},
        {**turn("assistant", "Yes?"), "name": "Helper"},
        {**turn("user", "One"), "name": "Ann"},
        {**turn("user", "or two?"), "name": "Bob"},
    ]
    rows = [{"messages": [*asked, turn("assistant", number)]} for number in ("one", "two")]
    (example,) = load(write(tmp_path, lines(*rows), "ft.jsonl")).examples
    assert [(each.role, each.text) for each in example.turns] == [("user", "Hello."), ("assistant", "Yes?")]
    assert example.input == "Ann: One\nBob: or two?"


def test_a_training_sample_without_an_answer_is_told_by_its_line(load: Load, tmp_path: Path) -> None:
    fine = {"messages": [turn("user", "One?"), turn("assistant", "yes")]}
    open_ = {"messages": [turn("user", "One?"), turn("assistant", "yes"), turn("user", "Sure?")]}
    rows = lines(fine, fine, fine, open_, {"messages": None})
    assert problems(load, write(tmp_path, rows, "ft.jsonl")) == (
        "line 4: messages is no list of messages that ends with the assistant's",
        "line 5: messages is no list of messages that ends with the assistant's",
    )


def test_images_in_messages_are_shown(load: Load, tmp_path: Path) -> None:
    (tmp_path / "red.png").write_bytes(PNG)
    data_url = "data:image/png;base64," + base64.b64encode(PNG).decode()
    shown = [
        {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data_url[22:]}},
        {"type": "image", "path": "red.png"},
    ]
    rows = [
        {
            "messages": [
                {"role": "user", "content": [part, {"type": "text", "text": "Which colour?"}]},
                turn("assistant", "red"),
            ]
        }
        for part in shown
    ]
    data = load(write(tmp_path, lines(*rows), "ft.jsonl"))
    assert [example.input for example in data.examples] == ["Which colour?"] * 3
    assert [image.source for example in data.examples for image in example.images] == [
        "https://example.org/a.png",
        data_url,
        str(tmp_path / "red.png"),
    ]


def test_content_in_parts_is_joined_and_other_content_is_a_fault(load: Load, tmp_path: Path) -> None:
    parts = [{"type": "text", "text": "One"}, {"type": "text", "text": "two?"}]
    fine = {"input": [{"role": "user", "content": parts}], "ideal": "yes"}
    assert load(write(tmp_path, lines(fine), "task.jsonl")).examples[0].input == "One\ntwo?"
    sound = {"input": [{"role": "user", "content": [{"type": "input_audio"}]}], "ideal": "yes"}
    gone = {"input": [{"role": "user", "content": [{"type": "image", "path": "no.png"}]}], "ideal": "yes"}
    assert problems(load, write(tmp_path, lines(fine, sound, gone), "task.jsonl")) == (
        "line 2: a message has content that is neither text nor an image",
        "line 3: the image no.png is missing",
    )
