"""Asks a scorer: cache, budget, concurrency, rate and tries again, for every scorer alike."""

import asyncio
import contextlib
import hashlib
import random
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type

from izcore.config.schema import RateLimits, Retries
from izcore.plugin.errors import BackendError, BudgetExhaustedError, IzError, TransientScorerError
from izcore.plugin.events import CallFinished
from izcore.plugin.protocols import Scorer
from izcore.plugin.records import (
    Amount,
    Completion,
    CompletionRequest,
    Price,
    Prompt,
    Record,
    ScorerInfo,
    Usage,
)
from izcore.scoring.ledger import Ledger
from izcore.scoring.rate_limiter import RateLimiter
from izcore.storage.records import Answer
from izcore.storage.store import Store


class Answers(Record):
    """Answers to prompts, in their order; None where the call failed for good.

    ``calls``, ``usage`` and ``cost_usd`` are of the paid ones, ``cached_calls`` counts the others. A prompt
    that occurs twice is asked once.
    """

    completions: tuple[Completion | None, ...]
    calls: int
    cached_calls: int
    usage: Usage
    cost_usd: float


class Caller:
    """Answers prompts for one run with one scorer, on behalf of ``asker``.

    ``price`` is None where it is not known. With ``shared`` answers that other runs paid for are free.
    ``cached_calls`` counts the free answers it has had so far; ``last_failure`` is the error of the last
    call that failed for good.

    ``sleep`` and ``jitter`` (a number in [0, 1)) are given by tests that want to own clock and chance;
    ``clock`` gives seconds since 1970, ``stopwatch`` seconds that only go forward.
    """

    def __init__(
        self,
        scorer: Scorer,
        *,
        asker: str,
        store: Store,
        run_id: str,
        ledger: Ledger,
        price: Price | None,
        cached_calls: int,
        retries: Retries,
        rate: RateLimits,
        shared: bool,
        seed: int,
        on_answers: Callable[[], None],
        on_call: Callable[[CallFinished], None],
        clock: Callable[[], float],
        stopwatch: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._scorer = scorer
        self._info = scorer.info()
        self._asker = asker
        self._store = store
        self._run_id = run_id
        self._ledger = ledger
        self._price = price
        self.cached_calls = cached_calls
        self._retries = retries
        self._seed = seed
        self._salt = "" if shared else run_id
        self._on_answers = on_answers
        self._on_call = on_call
        self._clock = clock
        self._stopwatch = stopwatch
        self._sleep = sleep
        self._jitter = jitter
        self._slots = asyncio.Semaphore(self._info.concurrency)
        self._rate_limiter = RateLimiter(rate, clock=stopwatch, sleep=self._wait_for)
        self._stopped: IzError | None = None
        self._waits: set[asyncio.Future[None]] = set()
        self.last_failure: TransientScorerError | None = None
        self._failures_in_a_row = 0
        self._under_way: dict[str, asyncio.Future[Answer | None]] = {}

    @property
    def model(self) -> str:
        """What people call the model."""
        return str(self._info.identity.get("model", self._asker))

    def stop(self, reason: IzError) -> None:
        """Send no further call; those under way are answered and kept, since they are paid for.

        Calls that wait, for their turn or for another try, give up at once.
        """
        self._stopped = self._stopped or reason
        for wait in self._waits:
            wait.cancel()

    def bound(self, prompts: Sequence[Prompt]) -> Amount:
        """Return the most that these prompts can cost."""
        return sum((self._amount(self._scorer.bound(prompt)) for prompt in prompts), Amount())

    def cost_of(self, completion: Completion) -> float:
        """Return what an answer costs in US dollars, were it paid for now; 0 where the price is not known."""
        return self._amount(completion.usage).cost_usd

    async def complete(self, prompts: Sequence[Prompt]) -> Answers:
        """Answer all prompts, or raise BudgetExhaustedError before any of them is sent."""
        keys = [completion_key(self._info, prompt, salt=self._salt) for prompt in prompts]
        by_key = dict(zip(keys, prompts, strict=True))
        unique = list(by_key)
        known = self._store.answers(self._run_id, unique)
        for key, mine_already in known.items():
            self._tell(key, by_key[key], "cached", mine_already.completion)
        # Requests are cut from the whole list, not from what is missing: after a kill the same prompts
        # go out together again, which matters to models whose arithmetic depends on the batch.
        size = self._info.batch_size
        # What another evaluation has asked and not been answered yet is waited for, not asked twice.
        theirs = {key: self._under_way[key] for key in unique if key in self._under_way}
        fresh = [key for key in unique if key not in known and key not in theirs]
        cached = self._store.cached(fresh)
        unasked = {key for key in fresh if key not in cached}
        requests = [
            {key: by_key[key] for key in unique[start : start + size] if key in unasked}
            for start in range(0, len(unique), size)
        ]
        requests = [request for request in requests if request]
        with self._asking(fresh) as mine:
            reserved = [self.bound(list(request.values())) for request in requests]
            charge = self._ledger.charge_of_cached(len(cached))
            await self._ledger.reserve(charge, *reserved)
            self._store.adopt(self._run_id, cached)
            mine.update((key, Answer(completion=found, paid=False)) for key, found in cached.items())
            await self._ledger.settle(charge, Amount(), cached_calls=len(cached))
            self.cached_calls += len(cached)
            for key, found in cached.items():
                self._tell(key, by_key[key], "cached", found)
            outcomes = await asyncio.gather(
                *(self._ask(r, amount) for r, amount in zip(requests, reserved, strict=True)),
                return_exceptions=True,
            )
            for outcome in outcomes:
                if not isinstance(outcome, BaseException):
                    mine.update(outcome)
            for outcome in outcomes:
                if isinstance(outcome, BaseException):
                    raise outcome
        known |= mine
        for key, waiting in theirs.items():
            answer = await waiting
            if answer is not None:
                known[key] = answer
        paid = [known[key] for key in unique if key in known and known[key].paid]
        spent = sum((self._amount(answer.completion.usage) for answer in paid), Amount())
        return Answers(
            completions=tuple(known[key].completion if key in known else None for key in keys),
            calls=spent.calls,
            cached_calls=sum(not known[key].paid for key in unique if key in known),
            usage=spent.usage,
            cost_usd=spent.cost_usd,
        )

    @contextlib.contextmanager
    def _asking(self, keys: Iterable[str]) -> Iterator[dict[str, Answer]]:
        """Let others wait for these keys; what stands in the dictionary in the end is their answers.

        Who waits for one that was not asked because of an error gets that error, not a failed call.
        """
        answers: dict[str, Answer] = {}
        waiting = {key: asyncio.get_running_loop().create_future() for key in keys}
        self._under_way |= waiting
        reason: IzError | None = None
        try:
            yield answers
        except IzError as error:
            reason = error
            raise
        finally:
            for key, future in waiting.items():
                del self._under_way[key]
                if future.done():  # a run that is stopped cancels those who wait
                    continue
                if reason is not None and key not in answers:
                    future.set_exception(reason)
                    future.exception()  # seen, even if nobody waits
                else:
                    future.set_result(answers.get(key))

    async def _ask(self, prompts: dict[str, Prompt], reserved: Amount) -> dict[str, Answer]:
        sending = _Sending(prompts=prompts, bound=reserved, began=self._stopwatch())
        try:
            completions = await self._try_again(sending)
        except TransientScorerError as error:
            for key, prompt in prompts.items():
                self._tell(key, prompt, "failed", sending=sending, error=error.message)
            self._note_failure(error)
            return {}
        except BudgetExhaustedError:
            raise
        except IzError as error:
            self.stop(error)
            raise
        finally:
            if sending.reserved:
                await self._ledger.settle(reserved, Amount())
        self._failures_in_a_row = 0
        for key, completion in completions.items():
            self._tell(key, prompts[key], "answered", completion, sending=sending)
        self._on_answers()
        return {key: Answer(completion=completion, paid=True) for key, completion in completions.items()}

    async def _try_again(self, sending: "_Sending") -> dict[str, Completion]:
        attempts = AsyncRetrying(
            sleep=self._wait_for,
            stop=self._has_waited_enough,
            wait=self._wait,
            retry=retry_if_exception_type(TransientScorerError),
            reraise=True,
        )
        async for attempt in attempts:
            with attempt:
                # The slot is free while a failed call waits, for its time or for room in the budget: others
                # use it, and that room may only come from them.
                await self._reserve_again(sending)
                async with self._slots:
                    return await self._send(sending)
        raise AssertionError("tenacity either returns or raises")

    async def _wait_for(self, seconds: float) -> None:
        """Wait so many seconds; raise the reason as soon as there is one to stop."""
        wait = asyncio.ensure_future(self._sleep(seconds))
        self._waits.add(wait)
        try:
            await asyncio.wait({wait})
        finally:
            self._waits.discard(wait)
            wait.cancel()
        if self._stopped:
            raise self._stopped

    async def _reserve_again(self, sending: "_Sending") -> None:
        if not sending.reserved:
            await self._ledger.reserve(sending.bound)
            sending.reserved = True

    async def _send(self, sending: "_Sending") -> dict[str, Completion]:
        """Make one try, under a reservation; what a failed try may have cost is booked."""
        tokens = sending.bound.usage.total
        charged = await self._rate_limiter.start(tokens)
        if self._stopped:
            raise self._stopped
        sending.tries += 1
        notes = self._note_sent(sending.prompts)
        try:
            completions = await self._complete_once(sending.prompts)
        except TransientScorerError as error:
            self._rate_limiter.settle(charged, 0, 0)
            if error.retry_after is not None and error.retry_after <= self._retries.max_total:
                self._rate_limiter.pause(error.retry_after)
            if error.may_be_billed and notes:
                await self._settle(sending, sending.bound)
            else:
                self._store.forget_sent(notes)
            raise
        except IzError:
            self._store.forget_sent(notes)
            raise
        costs = [self._amount(completion.usage) for completion in completions.values()]
        spent = sum(costs, Amount())
        self._store.add_paid(
            self._run_id,
            completions,
            [cost.cost_usd for cost in costs],
            created=self._clock(),
            sent=notes,
        )
        self._rate_limiter.settle(charged, tokens, spent.usage.total)
        await self._settle(sending, spent)
        return completions

    async def _settle(self, sending: "_Sending", spent: Amount) -> None:
        sending.reserved = False
        await self._ledger.settle(sending.bound, spent)

    def _note_sent(self, prompts: Mapping[str, Prompt]) -> list[int]:
        """Note what is about to be sent where somebody may bill it; a model of one's own bills nothing."""
        if self._price is not None and not (self._price.input or self._price.output):
            return []
        return self._store.add_sent(self._run_id, [self.bound([prompt]) for prompt in prompts.values()])

    def _amount(self, usage: Usage) -> Amount:
        return Amount(calls=1, usage=usage, cost_usd=self._price.cost(usage) if self._price else 0.0)

    def _tell(
        self,
        key: str,
        prompt: Prompt,
        outcome: Literal["answered", "cached", "failed"],
        completion: Completion | None = None,
        *,
        sending: "_Sending | None" = None,
        error: str = "",
    ) -> None:
        paid = completion.usage if completion and outcome == "answered" else Usage()
        cost = self._price.cost(paid) if self._price else None if paid.total else 0.0
        self._on_call(
            CallFinished(
                run_id=self._run_id,
                asker=self._asker,
                model=self.model,
                key=key,
                outcome=outcome,
                prompt=prompt,
                completion=completion,
                cost_usd=cost,
                tries=sending.tries if sending else 0,
                seconds=self._stopwatch() - sending.began if sending else 0.0,
                error=error,
            )
        )

    def _note_failure(self, error: TransientScorerError) -> None:
        self.last_failure = error
        self._failures_in_a_row += 1
        if self._failures_in_a_row >= self._retries.max_failures:
            reason = BackendError(
                f"{self._failures_in_a_row} calls in a row failed, so the run stops. "
                f"The last: {error.message}",
                hint=error.hint or "The run is kept; go on with iz resume when the scorer answers again.",
            )
            self.stop(reason)
            raise reason from error

    async def _complete_once(self, prompts: Mapping[str, Prompt]) -> dict[str, Completion]:
        try:
            result = await self._scorer.complete(
                CompletionRequest(prompts=tuple(prompts.values()), seed=self._seed)
            )
        except IzError:
            raise
        except Exception as error:
            raise BackendError(
                f"The scorer failed: {type(error).__name__}: {error}",
                hint="The run is kept; this is a fault of the scorer's plugin.",
            ) from error
        if len(result.completions) != len(prompts):
            raise BackendError(
                f"The scorer answered {len(result.completions)} of {len(prompts)} prompts.",
                hint="This is a fault of the scorer's plugin; report it to its authors.",
            )
        return dict(zip(prompts, result.completions, strict=True))

    def _has_waited_enough(self, state: RetryCallState) -> bool:
        waited = state.idle_for + state.upcoming_sleep
        return state.attempt_number >= self._retries.tries or waited > self._retries.max_total

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, TransientScorerError) else None
        if asked is not None:
            return asked
        # Full jitter between half and the whole of an exponential back-off keeps clients apart.
        longest = min(self._retries.max_wait, 2.0 ** (state.attempt_number - 1))
        return longest * (0.5 + self._jitter() / 2)


@dataclass
class _Sending:
    """One request on its way: when it began, how often it was tried, and whether its bound is reserved."""

    prompts: Mapping[str, Prompt]
    bound: Amount
    began: float
    tries: int = 0
    reserved: bool = True


def completion_key(info: ScorerInfo, prompt: Prompt, *, salt: str = "") -> str:
    """Return the cache key: a digest of everything that changes the answer.

    ``salt`` keeps answers apart that shall not be shared.
    """
    content = msgspec.json.encode([info.identity, prompt, *([salt] if salt else [])], order="sorted")
    return hashlib.sha256(content).hexdigest()
