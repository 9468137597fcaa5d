"""The conformance kit, and real programs that fail or hang."""

import asyncio
import shlex
import sys
from pathlib import Path

import pytest

from izcore.plugin import BackendContext, CompletionRequest, FatalScorerError, Prompt, TransientScorerError
from izcore.testing import ScorerConformance, Subject
from izcore_program import Program, ProgramOptions

CAT = shlex.join([sys.executable, "-c", "import sys; sys.stdout.write(sys.stdin.read())"])


class TestProgram(ScorerConformance):
    """What every scorer promises."""

    @pytest.fixture
    def subject(self) -> Subject:
        """Say which backend is tested, and with which options."""
        return Subject(plugin="izcore_program", name="program", options={"command": CAT, "concurrency": 2})

    @pytest.fixture
    def failing_options(self) -> dict[str, str]:
        """Options under which every call has to fail, for the checks of errors."""
        return {"command": "no-such-program-anywhere"}


def leaving_with(code: int, **more: float) -> Program:
    """Build a scorer whose program leaves with that code, after so many seconds."""
    program = f"import sys, time; time.sleep({more.get('seconds', 0)}); sys.exit({code})"
    command = shlex.join([sys.executable, "-c", program])
    options = ProgramOptions(command=command, timeout=more.get("timeout", 60))
    return Program(options, BackendContext(seed=0, cache_dir=str(Path()), data_dir=str(Path())))


def ask(scorer: Program) -> None:
    """Ask one question and throw the answer away."""
    asyncio.run(scorer.complete(CompletionRequest(prompts=(Prompt(text="hello"),))))


def test_exit_codes_say_whether_trying_again_may_help() -> None:
    """Code 75 (try again later) is temporary, any other is not."""
    with pytest.raises(TransientScorerError, match="code 75"):
        ask(leaving_with(75))
    with pytest.raises(FatalScorerError, match="code 1"):
        ask(leaving_with(1))


def test_a_program_that_hangs_is_ended() -> None:
    """A program gets no longer than the time limit."""
    with pytest.raises(TransientScorerError, match=r"0\.2 seconds"):
        ask(leaving_with(0, seconds=60, timeout=0.2))
