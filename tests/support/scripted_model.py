"""A model client of real parts; a test writes the model's answers, and owns clock and chance."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from izcore.config.schema import Limits, Retries
from izcore.plugin.calls import (
    Completion,
    CompletionRequest,
    CompletionResult,
    Price,
    Prompt,
    ScorerInfo,
    Usage,
)
from izcore.plugin.errors import TransientScorerError
from izcore.plugin.events import CallFinished
from izcore.plugin.protocols import Scorer
from izcore.plugin.record import Record
from izcore.registry.guards import Guarded
from izcore.scoring.budget_ledger import Ledger
from izcore.scoring.call_events import CallEvents
from izcore.scoring.claims import Claims
from izcore.scoring.completion_cache import CompletionCache
from izcore.scoring.dispatcher import Dispatcher, DispatchSettings
from izcore.scoring.model_account import Account
from izcore.scoring.model_client import ModelClient
from izcore.scoring.timing import Timing
from izcore.scoring.usual_usage import UsualUsage
from izcore.storage.store import Store

Answer = Callable[[str, int], str]

PRICE = Price(input=1e6, output=1e6)
"""A dollar per token, so that dollars and tokens are one number."""


class Scripted(Scorer):
    """A scorer whose answer to a prompt's n-th try is a function's; it records what it was sent."""

    def __init__(self, answer: Answer, *, batch_size: int = 1, concurrency: int = 4) -> None:
        self.answer = answer
        self.sent: list[tuple[str, ...]] = []
        self.tries: dict[str, int] = {}
        self.at_once = self.most_at_once = 0
        self._info = ScorerInfo(
            identity={"model": "scripted"}, batch_size=batch_size, concurrency=concurrency
        )

    def info(self) -> ScorerInfo:
        return self._info

    def bound(self, prompt: Prompt) -> Usage:
        return Usage(input_tokens=len(prompt.text), output_tokens=10)

    async def complete(self, request: CompletionRequest) -> CompletionResult:
        texts = tuple(prompt.text for prompt in request.prompts)
        self.sent.append(texts)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(0.001)
            completions = []
            for text in texts:
                self.tries[text] = self.tries.get(text, 0) + 1
                answer = self.answer(text, self.tries[text])
                usage = Usage(input_tokens=len(text), output_tokens=1)
                completions.append(Completion(text=answer, usage=usage))
            return CompletionResult(completions=tuple(completions))
        finally:
            self.at_once -= 1


class Bench:
    """A model client with its ledger and store, and the waits that it would have made."""

    def __init__(
        self,
        folder: Path,
        scorer: Scripted,
        retries: Retries,
        run_id: str = "r",
        *,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        price: Price | None = None,
        shared: bool = True,
        real_waits: bool = False,
    ) -> None:
        self.time = 0.0
        self.waits: list[float] = []
        self.finished: list[CallFinished] = []
        self.store = Store(folder / "db.sqlite")
        spent, cached = self.store.spent(run_id)
        self.ledger = Ledger(limits, spent, cached)
        # As the registry does with every backend.
        model: Any = Guarded("scorer", scorer, "The scripted scorer")
        account = Account(run_id, self.ledger, self.store, price, clock=lambda: 0.0)
        events = CallEvents(self._note, account, asker="scorer", model="scripted")
        timing = Timing(
            clock=account.clock,
            stopwatch=lambda: self.time,
            sleep=asyncio.sleep if real_waits else self._sleep,
            jitter=lambda: 0.0,
        )
        self.claims = Claims(self.store, run_id, clock=lambda: self.time)
        self._cache = CompletionCache(self.store, run_id, scorer.info(), self.claims, shared=shared)
        self.client = ModelClient(
            self._cache,
            Dispatcher(model, account, events, DispatchSettings(retries=retries), timing, self.claims),
            account,
            events,
            UsualUsage(model),
        )

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.time += seconds

    def _note(self, event: Record) -> None:
        if isinstance(event, CallFinished):
            self.finished.append(event)

    def key(self, text: str) -> str:
        """The key of the answer to a text."""
        return self._cache.key(Prompt(text=text))

    def ask(self, *texts: str) -> list[str | None]:
        """Ask for answers to texts; return them in their order, None where the call failed for good."""
        answers = asyncio.run(self.client.complete([Prompt(text=text) for text in texts]))
        return [None if c is None else c.text for c in answers.completions]


def echo(text: str, attempt: int) -> str:
    """An answer for every prompt, at the first try."""
    return text.upper()


def lost(text: str, attempt: int) -> str:
    """No answer to the first try, which may be billed all the same."""
    if attempt == 1:
        raise TransientScorerError("no answer in time", may_be_billed=True)
    return text
