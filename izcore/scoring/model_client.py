"""Answers prompts for a run: from the cache, and for what is missing there by calls to a model."""

import asyncio
from collections.abc import Container, Mapping, Sequence

from izcore.config.schema import ReasoningMarks
from izcore.plugin.calls import Amount, Completion, Prompt, Usage
from izcore.plugin.errors import IzError, TransientScorerError
from izcore.plugin.record import Record
from izcore.scoring.call_events import CallEvents
from izcore.scoring.claims import ClaimLostError
from izcore.scoring.completion_cache import CompletionCache
from izcore.scoring.dispatcher import Batch, Dispatcher
from izcore.scoring.model_account import Account
from izcore.scoring.reasoning import USUAL_MARKS, read_answer
from izcore.storage.records import Answer


class Answers(Record):
    """Answers to prompts, of which one that occurs twice is asked once.

    ``completions``: one per prompt, in their order; None where the call failed for good.
    ``calls``: how many of the answers this run paid for, now or before.
    ``cached_calls``: how many of the answers other runs paid for.
    ``usage``: tokens of those that this run paid for.
    ``cost_usd``: what these cost, in US dollars; 0 where the price is not known.
    """

    completions: tuple[Completion | None, ...]
    calls: int
    cached_calls: int
    usage: Usage
    cost_usd: float

    def filled_in(self, later: "Answers") -> "Answers":
        """Return these answers with those of ``later`` where there were none, in order."""
        found = iter(later.completions)
        return Answers(
            completions=tuple(next(found) if each is None else each for each in self.completions),
            calls=self.calls + later.calls,
            cached_calls=self.cached_calls + later.cached_calls,
            usage=self.usage + later.usage,
            cost_usd=self.cost_usd + later.cost_usd,
        )


class ModelClient:
    """Answers prompts for one run with one model.

    ``cache`` knows what needs no call, ``dispatcher`` makes the calls on ``account``, whose ledger keeps to
    the run's budget; ``events`` tells observers what came from the cache. On disk and in events a completion
    is what the scorer returned; ``marks`` say what of it is the answer.
    """

    def __init__(
        self,
        cache: CompletionCache,
        dispatcher: Dispatcher,
        account: Account,
        events: CallEvents,
        marks: ReasoningMarks = USUAL_MARKS,
    ) -> None:
        self._marks = marks
        self._cache = cache
        self._dispatcher = dispatcher
        self._account = account
        self._events = events

    @property
    def last_failure(self) -> TransientScorerError | None:
        """The error of the last call that failed for good."""
        return self._dispatcher.last_failure

    def stop(self, reason: IzError) -> None:
        """Send no further call, and raise ``reason`` instead; calls under way are answered and kept."""
        self._dispatcher.stop(reason)

    def bound(self, prompts: Sequence[Prompt]) -> Amount:
        """Return the most that these prompts can cost."""
        taken = map(self._dispatcher.as_taken, prompts)
        return sum(map(self._dispatcher.bound, taken), Amount())

    def cost_of(self, completion: Completion) -> float:
        """Return what an answer costs in US dollars, were it paid for now; 0 where the price is not known."""
        return self._account.amount(completion.usage).cost_usd

    async def complete(self, prompts: Sequence[Prompt]) -> Answers:
        """Answer all prompts.

        Raises BudgetExhaustedError before any of them is sent if the budget has no room for all, and during
        the calls if it has no room to send one again that may have been billed; BackendError or
        FatalScorerError if the model cannot be asked any more. What was answered until then is on disk.
        """
        prompts = [self._dispatcher.as_taken(prompt) for prompt in prompts]
        keys = [self._cache.key(prompt) for prompt in prompts]
        by_key = dict(zip(keys, prompts, strict=True))
        found = self._cache.look_up(by_key)
        self._events.cached(by_key, {key: answer.completion for key, answer in found.own.items()})
        ledger = self._account.ledger
        with self._cache.asking(found) as answers:
            missing = {key: self._dispatcher.bound(by_key[key]) for key in found.missing}
            charge = ledger.charge_of_cached(len(found.others))
            await ledger.reserve(charge, *_reservation(missing))
            answers.update(await self._adopt(by_key, found.others, charge))
            while missing := await self._ask(by_key, missing, answers):
                await ledger.reserve(*_reservation(missing))
        waited_for = await self._cache.wait_for(found.under_way)
        return self._answers(keys, found.own | answers | waited_for)

    async def _ask(
        self, prompts: Mapping[str, Prompt], missing: Mapping[str, Amount], answers: dict[str, Answer]
    ) -> dict[str, Amount]:
        """Ask the model for what is missing, and meanwhile wait for others who ask for the same.

        ``missing`` are keys with the most that each may cost, for which there is one reservation. What is
        answered stands in ``answers``, also where this raises. Returns what was claimed here and is claimed
        by others now; nothing is reserved for it.
        """
        ledger = self._account.ledger
        sending: list[asyncio.Task[dict[str, Amount]]] = []
        try:
            while missing:
                (reserved,) = _reservation(missing)
                claimed = self._cache.claim(missing)
                batches = self._batches(prompts, _only(claimed.own, missing))
                room = _reservation(_only(claimed.others, missing))
                missing = _only(claimed.elsewhere, missing)
                bounds = [batch.bound for batch in batches]
                await ledger.split(reserved, [*_reservation(missing), *room, *bounds])
                if batches:
                    sending.append(asyncio.create_task(self._send(batches, answers)))
                if claimed.others:
                    answers.update(await self._adopt(prompts, claimed.others, *room))
                if missing:
                    await self._cache.wait_elsewhere(missing, self._dispatcher.sleep)
        finally:
            for each in _reservation(missing):
                await ledger.settle(each, Amount())
            # Calls under way are answered and kept, whatever else went wrong.
            outcomes = await asyncio.gather(*sending, return_exceptions=True)
        lost: dict[str, Amount] = {}
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
            lost |= outcome
        return lost

    async def _adopt(
        self, prompts: Mapping[str, Prompt], others: Mapping[str, Completion], reserved: Amount
    ) -> dict[str, Answer]:
        """Make others' completions free answers of this run, and settle what is reserved for them."""
        answers = self._cache.adopt(others)
        await self._account.ledger.settle(reserved, Amount(), cached_calls=len(others))
        self._events.cached(prompts, others)
        return answers

    def _batches(self, prompts: Mapping[str, Prompt], missing: Mapping[str, Amount]) -> list[Batch]:
        """Cut batches from the whole list, and leave out of each what is not missing.

        So the same prompts go out together again after a kill, which matters to models whose arithmetic
        depends on the batch.
        """
        keys, size = list(prompts), self._dispatcher.batch_size
        batches = []
        for start in range(0, len(keys), size):
            wanted = [key for key in keys[start : start + size] if key in missing]
            if wanted:
                batches.append(Batch({key: prompts[key] for key in wanted}, [missing[key] for key in wanted]))
        return batches

    async def _send(self, batches: Sequence[Batch], answers: dict[str, Answer]) -> dict[str, Amount]:
        """Send all batches; what is answered stands in ``answers``, also where one of them raises.

        Returns the keys of those that others have claimed, with the most that each may cost.
        """
        outcomes = await asyncio.gather(*map(self._dispatcher.send, batches), return_exceptions=True)
        error = None
        lost: dict[str, Amount] = {}
        for batch, outcome in zip(batches, outcomes, strict=True):
            if isinstance(outcome, ClaimLostError):
                lost |= zip(batch.prompts, batch.bounds, strict=True)
            elif isinstance(outcome, BaseException):
                error = error or outcome
            else:
                answers.update((key, Answer(completion=each, paid=True)) for key, each in outcome.items())
        if error:
            raise error
        return lost

    def _answers(self, keys: Sequence[str], known: Mapping[str, Answer]) -> Answers:
        # In the order of the prompts: so costs add up to the same, to the last bit, in a run that is resumed.
        answers = [known[key] for key in dict.fromkeys(keys) if key in known]
        costs = [self._account.amount(answer.completion.usage) for answer in answers if answer.paid]
        spent = sum(costs, Amount())
        return Answers(
            completions=tuple(
                read_answer(known[key].completion, self._marks) if key in known else None for key in keys
            ),
            calls=spent.calls,
            cached_calls=len(answers) - spent.calls,
            usage=spent.usage,
            cost_usd=spent.cost_usd,
        )


def _only(keys: Container[str], bounds: Mapping[str, Amount]) -> dict[str, Amount]:
    return {key: bound for key, bound in bounds.items() if key in keys}


def _reservation(bounds: Mapping[str, Amount]) -> tuple[Amount, ...]:
    """The one amount that is reserved for keys with these bounds, or none for no keys."""
    return (sum(bounds.values(), Amount()),) if bounds else ()
