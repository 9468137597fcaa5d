"""Answers prompts for a run: from the cache, and for what is missing there by calls to a model."""

import asyncio
from collections.abc import Container, Mapping, Sequence

import msgspec

from izcore.config.schema import ReasoningMarks
from izcore.plugin.calls import Amount, Completion, Prompt, Usage
from izcore.plugin.errors import BudgetExhaustedError, IzError
from izcore.plugin.record import Record
from izcore.scoring.call_events import CallEvents
from izcore.scoring.claims import ClaimLostError
from izcore.scoring.completion_cache import CompletionCache
from izcore.scoring.dispatcher import Batch, Dispatcher
from izcore.scoring.model_account import Account
from izcore.scoring.reasoning import USUAL_MARKS, read_answer
from izcore.scoring.usual_usage import Foreseen, UsualUsage
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
    the run's budget; ``usual`` learns what they take; ``events`` tells observers what came from the cache. On
    disk and in events a completion is what the scorer returned; ``marks`` say what of it is the answer.
    """

    def __init__(
        self,
        cache: CompletionCache,
        dispatcher: Dispatcher,
        account: Account,
        events: CallEvents,
        usual: UsualUsage,
        marks: ReasoningMarks = USUAL_MARKS,
    ) -> None:
        self._marks = marks
        self._cache = cache
        self._dispatcher = dispatcher
        self._account = account
        self._events = events
        self._usual = usual

    @property
    def last_failure(self) -> IzError | None:
        """The error of the last call that failed for good."""
        return self._dispatcher.last_failure

    @property
    def paid_calls_under_way(self) -> int:
        """How many batches are sent and not answered yet, of a model that may bill them."""
        return self._dispatcher.paid_calls_under_way

    async def finish_calls(self) -> None:
        """Wait until no call is under way."""
        await self._dispatcher.finish_calls()

    def stop(self, reason: IzError) -> None:
        """Send no further call, and raise ``reason`` instead; calls under way are answered and kept."""
        self._dispatcher.stop(reason)

    def as_taken(self, prompt: Prompt) -> Prompt:
        """Return a prompt as the model takes it: in one message, where it tells no others apart."""
        return self._dispatcher.as_taken(prompt)

    @property
    def system(self) -> str:
        """What the model is told as a system message before that of a prompt."""
        return self._dispatcher.system

    def bound(self, prompts: Sequence[Prompt]) -> Amount:
        """Return the most that these prompts can cost."""
        taken = map(self._dispatcher.as_taken, prompts)
        return sum(map(self._dispatcher.bound, taken), Amount())

    def foresee(self, prompts: Sequence[Prompt]) -> Foreseen:
        """Return what is known beforehand of asking these prompts, for :meth:`likely`."""
        return self._usual.foresee([self._dispatcher.as_taken(prompt) for prompt in prompts])

    def likely(self, foreseen: Foreseen, *, failing: bool = False) -> Amount:
        """Return what calls are likely not to exceed, to judge by the answers so far.

        With ``failing`` that includes tries that are lost, as often as they were so far.
        """
        usage = self._usual.likely(foreseen)
        if failing:
            usage += self._usual.losses(foreseen, self._dispatcher.lost)
        cost = self._account.amount(usage).cost_usd
        return Amount(calls=foreseen.calls, usage=usage, cost_usd=cost)

    def learn(self, prompts: Sequence[Prompt], used: Usage) -> None:
        """Take note of what answers that an earlier process got have used, all together."""
        self._usual.learn([self._dispatcher.as_taken(prompt) for prompt in prompts], used)

    def learn_lost(self, lost: Usage) -> None:
        """Take note of what an earlier process may have used for tries that were never answered."""
        self._dispatcher.lost += lost

    def cost_of(self, completion: Completion) -> float:
        """Return what an answer costs in US dollars, were it paid for now; 0 where the price is not known."""
        return self._account.amount(completion.usage).cost_usd

    async def complete(self, prompts: Sequence[Prompt]) -> Answers:
        """Answer all prompts.

        They go out together where the budget has room for the most that they can cost, and otherwise as many
        at a time as it has room for, if it has room for what all of them are likely to cost.

        Raises BudgetExhaustedError before any of them is sent if the budget is not likely to have room for
        all, and later if they cost more than was likely, or if it has no room to send one again that may have
        been billed; BackendError or FatalScorerError if the model cannot be asked any more. What was answered
        until then is on disk.
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
            together = await self._reserve(charge, by_key, missing)
            answers.update(await self._adopt(by_key, found.others, charge))
            if together:
                await self._ask_all(by_key, missing, answers)
            else:
                await self._ask_in_parts(by_key, missing, answers)
        waited_for = await self._cache.wait_for(found.under_way)
        paid = [key for key, answer in answers.items() if answer.paid]
        used = sum((answers[key].completion.usage for key in paid), Usage())
        self._usual.learn([by_key[key] for key in paid], used)
        return self._answers(keys, found.own | answers | waited_for)

    async def _reserve(
        self, charge: Amount, prompts: Mapping[str, Prompt], missing: Mapping[str, Amount]
    ) -> bool:
        """Reserve all amounts, or ``charge`` alone if there is room for what the calls are likely to take.

        Returns whether all are reserved. Raises BudgetExhaustedError where there is not even room for that.
        """
        ledger = self._account.ledger
        try:
            await ledger.reserve(charge, *_reservation(missing))
        except BudgetExhaustedError:
            if not missing or not ledger.fits(charge + self._needed(prompts, missing)):
                raise
            await ledger.reserve(charge)
            return False
        return True

    def _needed(self, prompts: Mapping[str, Prompt], missing: Mapping[str, Amount]) -> Amount:
        """Return what there must be room for if all that is missing shall probably be answered.

        That is what it is likely to take, and what is reserved for the last prompt while that is asked.
        """
        last = max(missing.values(), key=lambda bound: bound.usage.total)
        likely = self.likely(self._usual.foresee([prompts[key] for key in missing]))
        return likely + msgspec.structs.replace(last, calls=0)

    async def _ask_in_parts(
        self, prompts: Mapping[str, Prompt], missing: Mapping[str, Amount], answers: dict[str, Answer]
    ) -> None:
        """Ask as many batches at a time as there is room for, until all are asked."""
        ledger, waiting = self._account.ledger, self._batches(prompts, missing)
        size = len(waiting)
        # Two that shared what little room is left might both come to nothing.
        async with ledger.narrow:
            while waiting:
                part = {key: missing[key] for batch in waiting[:size] for key in batch.prompts}
                try:
                    await ledger.reserve(*_reservation(part))
                except BudgetExhaustedError:
                    if size == 1:
                        raise
                    size = (size + 1) // 2
                    continue
                del waiting[:size]
                await self._ask_all(prompts, part, answers)

    async def _ask_all(
        self, prompts: Mapping[str, Prompt], missing: Mapping[str, Amount], answers: dict[str, Answer]
    ) -> None:
        """Ask for what is missing, for which there is one reservation, until nobody else has claimed it."""
        while missing := await self._ask(prompts, missing, answers):
            await self._account.ledger.reserve(*_reservation(missing))

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
        except (Exception, asyncio.CancelledError):
            for each in _reservation(missing):
                await ledger.settle(each, Amount())
            # Calls under way are answered and kept, whatever else went wrong.
            await asyncio.gather(*sending, return_exceptions=True)
            raise
        lost: dict[str, Amount] = {}
        for outcome in await asyncio.gather(*sending, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise _once(outcome)
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
            raise _once(error)
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


def _once(error: BaseException) -> BaseException:
    """The error of a task, as another task raises it: Ctrl-C has ended the event loop by then already."""
    return asyncio.CancelledError() if isinstance(error, KeyboardInterrupt) else error


def _reservation(bounds: Mapping[str, Amount]) -> tuple[Amount, ...]:
    """The one amount that is reserved for keys with these bounds, or none for no keys."""
    return (sum(bounds.values(), Amount()),) if bounds else ()
