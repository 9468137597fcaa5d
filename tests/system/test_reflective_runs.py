"""Whole runs of GEPA and ReElicit against a model behind HTTP that a test scripts."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import write_lines
from support.servers.protocol_server import Answer, Behaviour, Call, Failure, ProtocolServer

import izcore
from izcore.plugin.results import RunResult

pytest.importorskip("izcore_openai")
pytest.importorskip("izcore_writers")

BRIEF = "Write only the word."
BEST = f"Use capitals. {BRIEF}"
SIZES = {"validation": 8, "test": 6, "retest": 0, "demonstrations": 5}


class Scripted:
    """The model behind the server: a black box that writes capitals, and reflects as a test says.

    It writes a word alone only if it is told to.
    """

    def __init__(self) -> None:
        self.reflections: list[str] = []
        self.proposed = 0
        self.reflection: Behaviour = Answer(f"<instruction>{BEST}</instruction>")

    def __call__(self, call: Call) -> Behaviour:
        if "Which properties of an instruction" in call.prompt:
            return Answer("Brevity: long answers | a word alone\nVolume: soft | loud")
        if "Judge instructions by these features" in call.prompt:
            texts = call.prompt.split("\nInstruction ")[1:]
            return Answer("\n".join(f"{n}: {place(text)}" for n, text in enumerate(texts, 1)))
        if wanted := re.findall(r"(?:Aim at|It shall be) (\d\.\d+)", call.prompt):
            brief = BRIEF if float(wanted[0]) > 0.5 else "Explain it."
            return Answer(f"<instruction>Use capitals, {wanted[1]} loud. {brief}</instruction>")
        if "An assistant was given an instruction" in call.prompt:
            self.reflections.append(call.prompt)
            return self.reflection
        if "I gave a friend an instruction" in call.prompt:
            self.proposed += 1
            return Answer(f"The instruction was to use capitals{' please' * (self.proposed - 1)}.")
        word = call.prompt.rpartition("Input: ")[2].partition("\n")[0].upper()
        return Answer(word if BRIEF in call.prompt else f"I think that it is {word}.")


def place(text: str) -> str:
    """Where an instruction lies on brevity and volume."""
    loud = re.search(r"(\d\.\d+) loud", text)
    return f"{0.9 if BRIEF in text else 0.1}, {loud[1] if loud else 0.0}"


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    scripted = Scripted()
    with ProtocolServer(behave=scripted) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.openai_url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-anything")
        yield scripted


@pytest.fixture
def task(tmp_path: Path) -> Path:
    words = [f"word{number}x" for number in range(30)]
    return write_lines(tmp_path / "t.csv", ["input,target", *(f"{word},{word.upper()}" for word in words)])


def run(task: Path, preset: str = "gepa", **settings: Any) -> RunResult:
    settings = {"search": {"rounds": 3}, "splits": SIZES, **settings}
    return izcore.optimize(
        task, preset=preset, scorer="openai:gpt-4o-mini", metric="exact_match", settings=settings
    )


def written(result: RunResult) -> set[str]:
    return {trial.candidate.instruction for trial in izcore.run(result.run_id).trials}


def test_it_sees_what_went_wrong_and_mends_the_form(model: Scripted, task: Path) -> None:
    result = run(task)
    assert result.best is not None
    assert result.best.instruction == BEST
    assert result.best.test is not None
    assert result.best.test.score == 1.0
    case = re.compile(r"Input: (\w+)\nAnswer: (.+)\nExpected: (\w+)\nVerdict: (.+)")
    shown = case.findall(model.reflections[0])
    assert len(shown) == 3
    for word, answer, expected, verdict in shown:
        assert (answer, expected) == (f"I think that it is {word.upper()}.", word.upper())
        assert verdict == "This is wrong."
    again = run(task)
    assert (again.calls, again.best) == (0, result.best)


def test_the_users_own_prompts_are_parents(model: Scripted, task: Path) -> None:
    run(task, start=["Shout it."])
    parents = {re.findall("<instruction>(.+)</instruction>", text)[0] for text in model.reflections}
    assert "Shout it." in parents


def test_what_a_model_thinks_is_no_instruction(model: Scripted, task: Path) -> None:
    thought = "<think><instruction>Never this.</instruction></think>\n"
    model.reflection = Answer(f"{thought}<instruction>{BEST}</instruction>")
    assert written(run(task)) == {"Use capitals.", BEST}


@pytest.mark.parametrize(
    ("reflection", "fault"),
    [
        (Answer("<instruction>WORD3X for word3x, and so on.</instruction>"), "an example in it"),
        (Failure(400, "no such thing"), "no answer"),
    ],
)
def test_a_writer_that_fails_is_shown_and_never_scored(
    model: Scripted, task: Path, reflection: Behaviour, fault: str
) -> None:
    model.reflection = reflection
    result = run(task)
    said = f"3 of 4 instructions were not written, and others stand in for them: 3 for {fault}."
    assert said in result.notes
    assert written(result) == {"Use capitals."}
    assert result.best is not None
    assert result.best.instruction == "Use capitals."


def test_reelicit_aims_at_features_that_explain_scores(model: Scripted, task: Path) -> None:
    search = {"initial": 4, "batch": 2, "rounds": 2}
    small: Any = {"generator": {"features": 2}, "search": search, "surrogate": {"name": "sobol"}}
    result = run(task, "reelicit", **small)
    assert result.best is not None
    assert BRIEF in result.best.instruction
    trials = izcore.run(result.run_id).trials
    assert len(trials) == 8
    assert not any(trial.candidate.feature_names for trial in trials[:4])
    for trial in trials[4:]:
        assert trial.candidate.feature_names[0] == "Brevity: 0 is long answers, 1 is a word alone"
        brief = 0.9 if BRIEF in trial.candidate.instruction else 0.1
        assert trial.candidate.features[0] == brief
        assert len(trial.candidate.latent) == 2
    again = run(task, "reelicit", **small)
    assert (again.calls, again.best) == (0, result.best)
