"""The conformance kit, and what is special about this scorer."""

import asyncio
from pathlib import Path

import pytest

from izcore.plugin import BackendContext, CompletionRequest, Prompt
from izcore.testing import ScorerConformance, Subject
from izcore_shout import Shout, ShoutOptions


class TestShout(ScorerConformance):
    @pytest.fixture
    def subject(self) -> Subject:
        return Subject(plugin="izcore_shout", name="shout")


def test_it_shouts_when_it_is_told_to(tmp_path: Path) -> None:
    context = BackendContext(seed=0, cache_dir=str(tmp_path), data_dir=str(tmp_path))
    scorer = Shout(ShoutOptions(marks=2), context)
    prompts = (
        Prompt(text="Instruction: Use capital letters.\n\nInput: cat\nOutput:"),
        Prompt(text="Instruction: Whisper.\n\nInput: cat\nOutput:"),
    )
    result = asyncio.run(scorer.complete(CompletionRequest(prompts=prompts)))
    assert [completion.text for completion in result.completions] == ["CAT!!", "cat!!"]
