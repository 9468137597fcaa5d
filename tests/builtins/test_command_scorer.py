"""A program as black box: what it gets, what it answers, and how it fails."""

import asyncio
import json
import os
import shlex
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import izcore
from izcore.builtins.command_scorer import CommandScorer
from izcore.builtins.scorer_options import CommandOptions
from izcore.plugin import BackendContext, CompletionRequest, Message, Prompt, TransientScorerError

CONTEXT = BackendContext(seed=0, cache_dir="", data_dir="")
PROMPT = Prompt(text="Größe?", system="Be brief.", turns=(Message(role="user", text="Hi."),))


def scorer(folder: Path, program: str, **options: Any) -> CommandScorer:
    script = folder / "rag.py"
    script.write_text(program, encoding="utf-8")
    command = shlex.join([sys.executable, str(script)])
    return CommandScorer(CommandOptions(command=command, **options), CONTEXT)


def answer(asked: CommandScorer, prompt: Prompt = PROMPT) -> str:
    result = asyncio.run(asked.complete(CompletionRequest(prompts=(prompt,))))
    return result.completions[0].text


ECHO = "import sys; print(sys.stdin.buffer.read().decode('utf-8').upper().encode('utf-8').decode('utf-8'))"


def test_a_program_gets_the_text_and_its_output_is_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "utf-8")
    asked = scorer(tmp_path, ECHO)
    assert answer(asked, asked.info().as_taken(Prompt(text="Größe?"))) == "GRÖSSE?"


def test_a_program_may_get_messages_as_lines_of_json(tmp_path: Path) -> None:
    asked = scorer(
        tmp_path,
        "import sys, json\nfor line in sys.stdin: print(json.dumps(json.loads(line)))",
        receives="messages",
    )
    assert asked.info().messages
    assert [json.loads(line) for line in answer(asked).splitlines()] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi."},
        {"role": "user", "content": "Größe?"},
    ]


def test_an_exit_code_is_a_failed_call_with_the_last_words(tmp_path: Path) -> None:
    asked = scorer(tmp_path, "import sys; print('half'); sys.exit('first\\nno index \\x1b[31m')")
    with pytest.raises(TransientScorerError, match="ended with exit code 1: no index") as failed:
        answer(asked)
    assert "\x1b" not in failed.value.message
    with pytest.raises(TransientScorerError, match="exit code 7, and said nothing"):
        answer(scorer(tmp_path, "import sys; sys.exit(7)"))


def test_a_program_that_takes_too_long_is_killed_with_what_it_started(tmp_path: Path) -> None:
    written = tmp_path / "child"
    program = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"open({str(written)!r}, 'w').write(str(child.pid))\n"
        "time.sleep(60)"
    )
    with pytest.raises(TransientScorerError, match="no answer within 3 s") as late:
        answer(scorer(tmp_path, program, timeout=3))
    assert late.value.may_be_billed
    pid = int(written.read_text())
    for _ in range(100):  # whoever adopts it may take a moment to bury it
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            break
        if "Z" in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2][:3]:
            break
        time.sleep(0.05)
    else:
        pytest.fail("the program's child is still there")


def test_a_program_that_changed_is_another_scorer(tmp_path: Path) -> None:
    before = scorer(tmp_path, "print(1)").info().identity
    assert scorer(tmp_path, "print(1)").info().identity == before
    assert scorer(tmp_path, "print(2)").info().identity != before
    assert scorer(tmp_path, "print(1)", version="2").info().identity != before


@pytest.mark.parametrize("command", ["no-such-program-at-all x", "'open", "''"])
def test_what_is_no_program_is_said(command: str) -> None:
    with pytest.raises(izcore.UsageError, match=r"scorer\.command: "):
        CommandScorer(CommandOptions(command=command), CONTEXT)


def test_a_program_is_optimised(tmp_path: Path) -> None:
    script = tmp_path / "reverse.py"
    script.write_text(
        "import sys\ntext = sys.stdin.read()\nword = text.split('Input:')[1].split('Output:')[0].strip()\n"
        "print(word[::-1] if 'reverse' in text else word)"
    )
    result = izcore.optimize(
        "mirror",
        scorer=f"command:{shlex.join([sys.executable, str(script)])}",
        surrogate="sobol",
        settings={
            "generator": {"name": "phrases", "phrases": ["Write the input in reverse.", "Say it."]},
            "search": {"initial": 2, "rounds": 0},
            "splits": {"validation": 3, "retest": 0, "test": 2},
            "evaluation": {"policy": "full"},
        },
    )
    assert result.best is not None
    assert result.best.instruction.endswith("Write the input in reverse.")
    assert result.best.validation.score == 1
    assert result.cost_usd is None
