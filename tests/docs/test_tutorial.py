"""The tutorial's commands for other kinds of data and models do what it says, against a server of ours."""

import re
import shlex
from collections.abc import Iterator

import pytest
from support import ROOT, Iz
from support.servers.protocol_server import Answer, Behaviour, Call, Model, ProtocolServer

TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
TEAMS = {"charged": "billing", "invoice": "billing", "parcel": "delivery", "app": "technical"}


def answer(call: Call) -> Behaviour:
    """Route messages, and pick the second choice; think aloud, or grade, if that is the model."""
    question = call.prompt.rpartition("Input:")[2]
    team = next((team for word, team in TEAMS.items() if word in question.lower()), "technical")
    if call.body["model"] == "my-judge":
        return Answer("It names a team.\nGrade: 5")
    if call.body["model"] == "my-thinker":
        return Answer(f"<think>Delivery? Or billing? Let me see.</think>{team}")
    return Answer("B" if "A) " in call.prompt else team)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ProtocolServer]:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted-0123456789abcdef")
    models = {name: Model() for name in ("my-model", "my-judge", "my-thinker")}
    with ProtocolServer(behave=answer, models=models) as running:
        yield running


def said(section: str, server: ProtocolServer, iz: Iz, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Run the commands of a section, and return what each printed."""
    monkeypatch.chdir(ROOT)
    text = TUTORIAL.partition(f"## {section}\n")[2].partition("\n## ")[0]
    printed = []
    for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
        for line in block.splitlines():
            local = line.replace("http://127.0.0.1:8000/v1", server.openai_url)
            program, *arguments = shlex.split(local)
            assert program == "iz"
            done = iz(*arguments)
            assert done.returncode == 0, done.stderr
            printed.append(done.stdout + done.stderr)
    assert printed
    return printed


def test_multiple_choice(server: ProtocolServer, iz: Iz, monkeypatch: pytest.MonkeyPatch) -> None:
    shown, searched = said("Multiple choice", server, iz, monkeypatch)
    assert "metric choice" in shown
    assert "B) mercury" in shown
    assert "counted from 0" in shown
    assert "this instruction" in searched
    assert any("Mercury" in call.prompt and "Venus" in call.prompt for call in server.calls)


def test_a_model_that_grades(server: ProtocolServer, iz: Iz, monkeypatch: pytest.MonkeyPatch) -> None:
    (searched,) = said("When no metric can tell", server, iz, monkeypatch)
    assert re.search(r"this instruction +1\.00", searched)
    assert {call.body["model"] for call in server.calls} == {"my-model", "my-judge"}


def test_a_model_that_thinks(server: ProtocolServer, iz: Iz, monkeypatch: pytest.MonkeyPatch) -> None:
    searched, shown = said("A model that thinks", server, iz, monkeypatch)
    score = re.search(r"this instruction +(\d\.\d+)", searched)
    assert score is not None
    assert float(score[1]) > 0.2, "the metric wants the team alone"
    assert "Let me see." in shown
    assert "<think>" not in shown
