"""Sends prompts to a model: so many at once, at a rate, and again when a try fails."""

import asyncio
import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from izcore.config.schema import RateLimits, Retries
from izcore.plugin.calls import Amount, Completion, CompletionRequest, Prompt, Usage
from izcore.plugin.errors import (
    BackendError,
    BudgetExhaustedError,
    IzError,
    PromptRejectedError,
    TransientScorerError,
)
from izcore.plugin.protocols import Scorer
from izcore.plugin.record import Record
from izcore.plugin.usage import with_believable_usage
from izcore.registry.redaction import answer_without_keys, unmistakable_keys, without_keys
from izcore.scoring.call_events import CallEvents
from izcore.scoring.claims import Claims
from izcore.scoring.model_account import Account
from izcore.scoring.rate_limiter import RateLimiter
from izcore.scoring.retry_policy import RetryPolicy
from izcore.scoring.stop_switch import StopSwitch
from izcore.scoring.timing import Timing


class DispatchSettings(Record):
    """How a model is called.

    ``retries``: how often and how long a call that fails is tried again.
    ``rate``: how many requests and tokens per minute are sent at most.
    ``seed``: decides what is random in a model that runs here.
    """

    retries: Retries = Retries()
    rate: RateLimits = RateLimits()
    seed: int = 0


@dataclass
class Batch:
    """Prompts, by key, that are sent together, under a reservation in the ledger.

    ``bounds``: the most that each can cost, in the order of the prompts.
    ``tries``: how often they were sent so far.
    ``reserved``: whether the sum of the bounds is reserved at this moment.
    """

    prompts: Mapping[str, Prompt]
    bounds: Sequence[Amount]
    tries: int = 0
    reserved: bool = True

    def __post_init__(self) -> None:
        self.bound = sum(self.bounds, Amount())


class Dispatcher:
    """Sends batches of prompts to one scorer on one account, and tells of it through ``events``.

    ``as_taken`` returns a prompt as the scorer takes it: all prompts that it is given must be so. Nothing
    is sent that ``claims`` does not hold.

    ``last_failure`` is the error of the last batch that failed for good, None before there is one. ``lost``
    is the most that tries may have used which were never answered and may be billed.
    """

    def __init__(
        self,
        scorer: Scorer,
        account: Account,
        events: CallEvents,
        settings: DispatchSettings,
        timing: Timing,
        claims: Claims,
    ) -> None:
        info = scorer.info()
        self.batch_size = info.batch_size
        self.last_failure: TransientScorerError | PromptRejectedError | None = None
        self.lost = Usage()
        self.as_taken = info.as_taken
        self.system = info.system
        self._scorer = scorer
        self._account = account
        self._events = events
        self._settings = settings
        self._claims = claims
        self._stopwatch = timing.stopwatch
        self._slots = asyncio.Semaphore(info.concurrency)
        self._stop_switch = StopSwitch(timing.sleep)
        self._rate_limiter = RateLimiter(settings.rate, clock=timing.stopwatch, sleep=self._stop_switch.sleep)
        self._retry_policy = RetryPolicy(settings.retries, timing.jitter)
        self._failures_in_a_row: set[tuple[str, ...]] = set()
        self._under_way = 0
        self._all_back = asyncio.Event()
        self._may_send = asyncio.Event()
        self._may_send.set()

    @property
    def paid_calls_under_way(self) -> int:
        """How many batches are sent and not answered yet, of a model that may bill them."""
        return self._under_way if self._account.may_be_billed else 0

    async def finish_calls(self) -> None:
        """Wait until no call is under way."""
        if self._under_way:
            await self._all_back.wait()

    def bound(self, prompt: Prompt) -> Amount:
        """Return the most that one call with this prompt can cost."""
        return self._account.amount(self._scorer.bound(prompt))

    def stop(self, reason: IzError) -> None:
        """Send no further call, and raise ``reason`` instead.

        Calls under way are answered and kept, since they are paid for; those that wait, for their turn or
        for another try, give up at once.
        """
        self._stop_switch.turn(reason)

    async def sleep(self, seconds: float) -> None:
        """Wait so many seconds; raise the reason to stop as soon as there is one."""
        await self._stop_switch.sleep(seconds)

    async def send(self, batch: Batch) -> dict[str, Completion]:
        """Send a batch, which has been reserved; return its completions by key, none if it failed for good.

        Completions are on disk when they are returned, and what they cost is settled. Raises BackendError
        when too many batches in a row failed for good, and whatever else no other try can mend, such as a
        rejected prompt where none was answered; all but BudgetExhaustedError stop the dispatcher. Raises
        ClaimLostError where others ask for a part of it.
        """
        began = self._stopwatch()
        try:
            completions = await self._try_until_answered(batch)
        except TransientScorerError as error:
            seconds = self._stopwatch() - began
            self._events.failed(batch.prompts, tries=batch.tries, seconds=seconds, error=error.message)
            self._count_failure(batch, error)
            return {}
        except PromptRejectedError as error:
            await self._tell_from_all(batch, error)
            seconds = self._stopwatch() - began
            self._events.failed(batch.prompts, tries=batch.tries, seconds=seconds, error=error.message)
            return {}
        except BudgetExhaustedError:
            raise
        except IzError as error:
            self.stop(error)
            raise
        finally:
            if batch.reserved:
                await self._settle(batch, Amount())
        self._failures_in_a_row.clear()
        seconds = self._stopwatch() - began
        self._events.answered(batch.prompts, completions, tries=batch.tries, seconds=seconds)
        return completions

    async def _try_until_answered(self, batch: Batch) -> dict[str, Completion]:
        async for attempt in self._retry_policy.attempts(self._stop_switch.sleep):
            with attempt:
                # The slot is free while a failed call waits, for its time or for room in the budget: others
                # use it, and that room may only come from them.
                await self._reserve_again(batch)
                async with self._slots:
                    await self._may_send.wait()
                    with self._counted_as_under_way():
                        return await self._try_once(batch)
        raise AssertionError("tenacity either returns or raises")

    @contextlib.contextmanager
    def _counted_as_under_way(self) -> Iterator[None]:
        self._under_way += 1
        self._all_back.clear()
        try:
            yield
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._all_back.set()

    async def _try_once(self, batch: Batch) -> dict[str, Completion]:
        tokens = batch.bound.usage.total
        charged = await self._rate_limiter.start(tokens)
        self._stop_switch.check()
        self._claims.ensure(batch.prompts)
        batch.tries += 1
        notes = self._account.note_sent(batch.bounds)
        try:
            completions = await self._complete(batch)
        except TransientScorerError as error:
            self._rate_limiter.settle(charged, 0, 0)
            if error.retry_after is not None and self._retry_policy.allows_wait(error.retry_after):
                self._rate_limiter.pause(error.retry_after)
            if error.may_be_billed and notes:
                self.lost += batch.bound.usage
                await self._settle(batch, batch.bound)
            else:
                self._account.forget_sent(notes)
            raise
        except IzError:
            self._account.forget_sent(notes)
            raise
        completions, spent = self._account.add_paid(completions, notes)
        self._rate_limiter.settle(charged, tokens, spent.usage.total)
        await self._settle(batch, spent)
        return completions

    async def _complete(self, batch: Batch) -> dict[str, Completion]:
        request = CompletionRequest(prompts=tuple(batch.prompts.values()), seed=self._settings.seed)
        try:
            result = await self._scorer.complete(request)
        except IzError as error:
            error.message = without_keys(error.message, os.environ)
            raise
        keys = unmistakable_keys(os.environ).values()
        completions = (
            with_believable_usage(answer_without_keys(each, keys), bound.usage)
            for each, bound in zip(result.completions, batch.bounds, strict=True)
        )
        return dict(zip(batch.prompts, completions, strict=True))

    async def _reserve_again(self, batch: Batch) -> None:
        """Reserve what a failed try that may be billed has used up."""
        if not batch.reserved:
            if not self._account.ledger.fits(batch.bound):
                self._claims.release(batch.prompts)
            await self._account.ledger.reserve(batch.bound)
            batch.reserved = True

    async def _settle(self, batch: Batch, spent: Amount) -> None:
        batch.reserved = False
        await self._account.ledger.settle(batch.bound, spent)

    async def _tell_from_all(self, batch: Batch, error: PromptRejectedError) -> None:
        """Return where the fault is one prompt's own, since others are answered; else stop, and raise.

        While nothing was answered yet, that is for the calls under way to tell, and no other is sent.
        """
        self.last_failure = error
        if not self._account.has_answers:
            self._may_send.clear()
            await self.finish_calls()
            self._may_send.set()
        if len(batch.prompts) > 1 or not self._account.has_answers:
            self.stop(error)
            raise error

    def _count_failure(self, batch: Batch, error: TransientScorerError) -> None:
        self.last_failure = error
        # A call that is asked again and fails again says no more of the model than it did before.
        self._failures_in_a_row.add(tuple(batch.prompts))
        if len(self._failures_in_a_row) >= self._settings.retries.max_failures:
            reason = BackendError(
                f"{len(self._failures_in_a_row)} calls in a row failed, so the run stops. "
                f"The last: {error.message}",
                hint=error.hint or "The run is kept; go on with iz resume when the scorer answers again.",
            )
            self.stop(reason)
            raise reason from error
