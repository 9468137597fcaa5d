"""Tells observers what becomes of the calls of one model."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from izcore.config.schema import ReasoningMarks
from izcore.plugin.calls import Completion, Prompt, Usage
from izcore.plugin.events import CallFinished, CallsAnswered
from izcore.plugin.record import Record
from izcore.scoring.model_account import Account
from izcore.scoring.reasoning import USUAL_MARKS, read_answer


@dataclass(frozen=True)
class CallEvents:
    """Makes events of what becomes of one model's calls, and passes each to ``emit``.

    ``account``: knows the run, the price and the totals.
    ``asker``: the name of the model's role in the run, such as ``scorer`` or ``metric.judge``.
    ``model``: what people call the model.
    ``marks``: how reasoning is told from answers, which observers get apart as everybody does.
    """

    emit: Callable[[Record], None]
    account: Account
    asker: str
    model: str
    marks: ReasoningMarks = USUAL_MARKS

    def cached(self, prompts: Mapping[str, Prompt], completions: Mapping[str, Completion]) -> None:
        """Tell of prompts, by key, that need no call: these completions were on disk."""
        for key, completion in completions.items():
            self._emit_call(key, prompts[key], "cached", completion)

    def answered(
        self,
        prompts: Mapping[str, Prompt],
        completions: Mapping[str, Completion],
        *,
        tries: int,
        seconds: float,
    ) -> None:
        """Tell of prompts, by key, that were answered together at last, and of the run's new totals."""
        for key, completion in completions.items():
            self._emit_call(key, prompts[key], "answered", completion, tries=tries, seconds=seconds)
        ledger = self.account.ledger
        self.emit(
            CallsAnswered(
                run_id=self.account.run_id,
                calls=ledger.spent.calls,
                cached_calls=ledger.cached_calls,
                usage=ledger.spent.usage,
                cost_usd=ledger.cost_usd,
            )
        )

    def failed(self, prompts: Mapping[str, Prompt], *, tries: int, seconds: float, error: str) -> None:
        """Tell of prompts, by key, whose call failed for good."""
        for key, prompt in prompts.items():
            self._emit_call(key, prompt, "failed", tries=tries, seconds=seconds, error=error)

    def _emit_call(
        self,
        key: str,
        prompt: Prompt,
        outcome: Literal["answered", "cached", "failed"],
        completion: Completion | None = None,
        *,
        tries: int = 0,
        seconds: float = 0.0,
        error: str = "",
    ) -> None:
        paid = completion.usage if completion and outcome == "answered" else Usage()
        price = self.account.price
        self.emit(
            CallFinished(
                run_id=self.account.run_id,
                asker=self.asker,
                model=self.model,
                key=key,
                outcome=outcome,
                prompt=prompt,
                completion=read_answer(completion, self.marks) if completion else None,
                cost_usd=price.cost(paid) if price else None if paid.total else 0.0,
                tries=tries,
                seconds=seconds,
                error=error,
            )
        )
