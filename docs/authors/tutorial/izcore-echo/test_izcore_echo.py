"""The conformance kit, and what is special about this scorer."""

import asyncio
from pathlib import Path

import pytest

from izcore.plugin import BackendContext, CompletionRequest, Prompt
from izcore.testing import ScorerConformance, Subject
from izcore_echo import Echo, EchoOptions


class TestEcho(ScorerConformance):
    """What every scorer promises."""

    @pytest.fixture
    def subject(self) -> Subject:
        """Say which backend is tested, and with which options."""
        return Subject(plugin="izcore_echo", name="echo")


def test_it_does_what_it_is_told(tmp_path: Path) -> None:
    """It reverses its input where the instruction asks for that, and only there."""
    context = BackendContext(seed=0, cache_dir=str(tmp_path), data_dir=str(tmp_path))
    scorer = Echo(EchoOptions(marks=2), context)
    prompts = (
        Prompt(text="Instruction: Write it backwards.\n\nInput: cat\nOutput:"),
        Prompt(text="Instruction: Be brief.\n\nInput: cat\nOutput:"),
    )
    result = asyncio.run(scorer.complete(CompletionRequest(prompts=prompts)))
    assert [completion.text for completion in result.completions] == ["tac!!", "cat!!"]
