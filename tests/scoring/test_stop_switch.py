"""Who waits for a turn or for another try gives up as soon as there is a reason to stop."""

import asyncio
from pathlib import Path

import pytest
from support.scripted_model import Bench, Scripted

from izcore.config.schema import Retries
from izcore.plugin.calls import Prompt
from izcore.plugin.errors import FatalScorerError, TransientScorerError


def test_a_fatal_error_ends_the_waits_of_others(tmp_path: Path) -> None:
    def one_is_told_to_wait(text: str, attempt: int) -> str:
        if text == "expired":
            raise FatalScorerError("The key has expired.")
        raise TransientScorerError("come back later", retry_after=300.0)

    scorer = Scripted(one_is_told_to_wait, concurrency=2)
    bench = Bench(tmp_path, scorer, Retries(), real_waits=True)

    async def work() -> None:
        prompts = [Prompt(text=text) for text in ("later", "expired", "next in turn")]
        with pytest.raises(FatalScorerError, match="expired"):
            await asyncio.wait_for(bench.client.complete(prompts), timeout=5)

    asyncio.run(work())
    assert scorer.sent == [("later",), ("expired",)]
