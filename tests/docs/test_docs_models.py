"""The commands of docs/models.md do what the page says, against local servers."""

import os
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import ROOT, Iz
from support.pages import commands_of
from support.servers.protocol_server import Answer, Behaviour, Call, Model, ProtocolServer

HUB_MODELS = ("hf:vicuna", "hf:Qwen/")
"""What no test machine loads; the plan of such a run is checked, and a pool writes in the model's place."""
ASKED_FOR_INSTRUCTIONS = {"opro", "evoprompt-ga"}
"""Presets whose writer is a scorer, hence the local server."""


def answer(call: Call) -> Behaviour:
    return Answer("Grade: 3" if "You grade answers" in call.prompt else "billing")


@pytest.fixture(scope="module")
def server() -> Iterator[ProtocolServer]:
    names = ("gpt-4o-mini", "claude-haiku-4-5", "my-model")
    models = {**{name: Model() for name in names}, "claude-haiku-5-5": Model(reasons=True, thinking=40)}
    with ProtocolServer(behave=answer, models=models) as running:
        yield running


def page_commands() -> list[tuple[str, ...]]:
    found = [tuple(p.values[0]) for p in commands_of("iz") if str(p.id).startswith("docs/models.md")]
    assert len(found) >= 14
    return found


@pytest.mark.parametrize("command", page_commands(), ids=shlex.join)
def test_every_command_of_the_page_runs(
    command: tuple[str, ...], server: ProtocolServer, iz: Iz, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in list(os.environ):
        if name.startswith(("OPENAI_", "ANTHROPIC_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("OPENAI_BASE_URL", server.openai_url)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
    monkeypatch.setenv("OPENAI_API_KEY", "your-key")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "your-key")
    words = [str(tmp_path / word) if word == "calls.jsonl" else word for word in command]
    words = [str(ROOT / word) if word.startswith("docs/") else word for word in words]
    loads_a_model = "pool:" not in " ".join(words) and not ASKED_FOR_INSTRUCTIONS & set(words)
    if "--dry-run" not in words and "optimize" in words and loads_a_model:
        for index, word in enumerate(words):
            if word.startswith(HUB_MODELS):
                del words[index - 1 : index + 1]
                break
        words += ["--generator", f"pool:{ROOT / 'docs/examples/prompts.txt'}"]
    finished = iz(*words, cwd=ROOT)
    assert finished.returncode == 0, finished.stderr
    if words[0] in ("optimize", "score") and "--dry-run" not in words:
        assert server.calls or "command:" in " ".join(words)
