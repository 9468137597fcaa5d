"""What a task holds reaches a model as the messages that it is made of, over both protocols."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import PNG, write_lines
from support.servers.protocol_server import Answer, Call, ProtocolServer

import izcore
from izcore.plugin import UsageError

PROTOCOLS = ("openai", "anthropic")
SETTINGS: dict[str, Any] = {"splits": {"demonstrations": 1, "validation": 5, "test": 5}}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ProtocolServer]:
    monkeypatch.setenv("IZ_DB", str(tmp_path / "iz.db"))
    with ProtocolServer(behave=lambda call: Answer("red")) as running:
        yield running


def score(server: ProtocolServer, protocol: str, task: Path, **settings: Any) -> list[Call]:
    """Score one instruction; return what was asked."""
    url = server.openai_url if protocol == "openai" else server.url
    izcore.score(
        str(task),
        instruction="Name the colour.",
        scorer=f"{protocol}:test-model",
        settings={**SETTINGS, "scorer": {"base_url": url}, **settings},
    )
    return server.calls


@pytest.fixture
def chats(tmp_path: Path) -> Path:
    """Twelve conversations of three messages and a target, which begin with the same system message."""
    path = tmp_path / "chats.jsonl"
    rows = []
    for number in range(12):
        said = (("user", f"Look at {number}."), ("assistant", "I do."), ("user", "Which colour?"))
        messages = [{"role": role, "content": content} for role, content in said]
        rows.append({"messages": [*messages, {"role": "assistant", "content": "red"}]})
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Twelve images with a target each, and no text."""
    for number in range(12):
        (tmp_path / f"{number}.png").write_bytes(picture(number))
    path = tmp_path / "pictures.csv"
    path.write_text("image,label\n" + "".join(f"{n}.png,red\n" for n in range(12)), encoding="utf-8")
    return path


def picture(number: int) -> bytes:
    return PNG + bytes([number])


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_conversations_arrive_as_turns_below_the_system_message(
    server: ProtocolServer, chats: Path, protocol: str
) -> None:
    calls = score(server, protocol, chats, placement="system")
    assert len(calls) == 5
    for call in calls:
        assert call.system == "Name the colour."
        messages = [each for each in call.body["messages"] if each["role"] != "system"]
        assert [each["role"] for each in messages] == ["user", "assistant", "user"]
        assert messages[0]["content"].startswith("Look at ")
        assert messages[1]["content"] == "I do."
        assert messages[2]["content"] == "Input: Which colour?\nOutput:"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_images_arrive_and_are_asked_once_wherever_they_lie(
    server: ProtocolServer, pictures: Path, protocol: str, tmp_path: Path
) -> None:
    calls = score(server, protocol, pictures)
    sent = set()
    for call in calls:
        image, text = call.body["messages"][0]["content"]
        assert text["text"] == "Instruction: Name the colour.\n\nInput: (image)\nOutput:"
        content = (
            image["image_url"]["url"].removeprefix("data:image/png;base64,")
            if protocol == "openai"
            else image["source"]["data"]
        )
        sent.add(base64.b64decode(content))
    assert len(sent) == 5
    assert sent < set(map(picture, range(12)))
    moved = tmp_path / "moved"
    moved.mkdir()
    for path in (pictures, *tmp_path.glob("*.png")):
        path.rename(moved / path.name)
    assert len(score(server, protocol, moved / "pictures.csv")) == 5, "answers are known by what images show"


@pytest.mark.parametrize("scorer", ["openai:gpt-3.5-turbo", "obedient"])
def test_a_model_without_images_is_refused_before_anything_is_paid(
    server: ProtocolServer, pictures: Path, scorer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", server.openai_url)
    pool = str(write_lines(pictures.parent / "pool.txt", ["Name the colour.", "Say what it is."]))
    with pytest.raises(UsageError, match="takes no images"):
        izcore.plan(str(pictures), generator=f"pool:{pool}", scorer=scorer, settings=SETTINGS)
    with pytest.raises(UsageError, match="takes no images"):
        izcore.score(str(pictures), instruction="Name it.", scorer=scorer, settings=SETTINGS)
    assert server.calls == []


def test_images_beside_a_text_can_be_left_out(server: ProtocolServer, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(PNG)
    rows = [f"a.png,Is {number} even?,yes" for number in range(12)]
    task = write_lines(tmp_path / "t.csv", ["image,question,answer", *rows])
    url = {"base_url": server.openai_url}
    for shown in (True, False):
        izcore.score(
            str(task),
            instruction="Go.",
            scorer="openai:test-model",
            settings={**SETTINGS, "scorer": url, "task": {"show_images": shown}},
        )
    contents = [call.body["messages"][0]["content"] for call in server.calls]
    assert [type(content) for content in contents] == [list] * 5 + [str] * 5
