"""Asks the scorer: cache, budget, concurrency and tries again, for every scorer alike."""

import asyncio
import hashlib
import random
from collections.abc import Awaitable, Callable, Sequence

import msgspec
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    stop_after_attempt,
    stop_before_delay,
)

from izcore.budget import Amount, Budget
from izcore.config import Retries
from izcore.errors import BackendError, IzError, TransientScorerError
from izcore.protocols import Scorer
from izcore.records import (
    Completion,
    CompletionRequest,
    CompletionResult,
    Prompt,
    Record,
    ScorerInfo,
    Usage,
)
from izcore.store import Answer, Store


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
    """Answers prompts for one run.

    ``cached_calls`` counts the free answers it has had so far; ``last_failure`` is the error of the last
    call that failed for good.

    ``sleep`` and ``jitter`` (a number in [0, 1)) are given by tests that want to own clock and chance;
    ``clock`` gives seconds since 1970.
    """

    def __init__(
        self,
        scorer: Scorer,
        *,
        store: Store,
        run_id: str,
        budget: Budget,
        cached_calls: int,
        retries: Retries,
        seed: int,
        on_answers: Callable[[], None],
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._scorer = scorer
        self._info = scorer.info()
        self._store = store
        self._run_id = run_id
        self._budget = budget
        self.cached_calls = cached_calls
        self._retries = retries
        self._seed = seed
        self._on_answers = on_answers
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter
        self._slots = asyncio.Semaphore(self._info.concurrency)
        self._stopped: IzError | None = None
        self.last_failure: TransientScorerError | None = None
        self._failures_in_a_row = 0

    def stop(self, reason: IzError) -> None:
        """Send no further call; those under way are answered and kept, since they are paid for."""
        self._stopped = self._stopped or reason

    def bound(self, prompts: Sequence[Prompt]) -> Amount:
        """Return the most that these prompts can cost."""
        total = Amount()
        for prompt in prompts:
            total += Amount(calls=1, usage=self._scorer.bound(prompt))
        return total

    async def complete(self, prompts: Sequence[Prompt]) -> Answers:
        """Answer all prompts, or raise BudgetExhaustedError before any of them is sent."""
        keys = [completion_key(self._info, prompt) for prompt in prompts]
        by_key = dict(zip(keys, prompts, strict=True))
        unique = list(by_key)
        known = self._store.answers(self._run_id, unique)
        unseen = [key for key in unique if key not in known]
        adopted = self._store.adopt_cached(self._run_id, unseen)
        self.cached_calls += len(adopted)
        known |= adopted
        # Requests are cut from the whole list, not from what is missing: after a kill the same prompts
        # go out together again, which matters to models whose arithmetic depends on the batch.
        size = self._info.batch_size
        requests = [
            {key: by_key[key] for key in unique[start : start + size] if key not in known}
            for start in range(0, len(unique), size)
        ]
        requests = [request for request in requests if request]
        reserved = [self.bound(list(request.values())) for request in requests]
        await self._budget.reserve(sum(reserved, Amount()))
        outcomes = await asyncio.gather(
            *(self._ask(r, amount) for r, amount in zip(requests, reserved, strict=True)),
            return_exceptions=True,
        )
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
            known |= outcome
        paid = [known[key] for key in unique if key in known and known[key].paid]
        usage = sum((answer.completion.usage for answer in paid), Usage())
        return Answers(
            completions=tuple(known[key].completion if key in known else None for key in keys),
            calls=len(paid),
            cached_calls=sum(not known[key].paid for key in unique if key in known),
            usage=usage,
            cost_usd=self._budget.cost(usage) or 0.0,
        )

    async def _ask(self, prompts: dict[str, Prompt], reserved: Amount) -> dict[str, Answer]:
        spent = Amount()
        try:
            async with self._slots:
                if self._stopped:
                    raise self._stopped
                result = await self._try_again(
                    CompletionRequest(prompts=tuple(prompts.values()), seed=self._seed)
                )
            if len(result.completions) != len(prompts):
                raise BackendError(
                    f"The scorer answered {len(result.completions)} of {len(prompts)} prompts.",
                    hint="This is a fault of the scorer's plugin; report it to its authors.",
                )
            completions = dict(zip(prompts, result.completions, strict=True))
            self._failures_in_a_row = 0
            self._store.add_paid(self._run_id, completions, created=self._clock())
            usage = sum((completion.usage for completion in completions.values()), Usage())
            spent = Amount(calls=len(completions), usage=usage)
        except TransientScorerError as error:
            self._note_failure(error)
            return {}
        except IzError as error:
            self.stop(error)
            raise
        finally:
            await self._budget.settle(reserved, spent)
        self._on_answers()
        return {key: Answer(completion=completion, paid=True) for key, completion in completions.items()}

    def _note_failure(self, error: TransientScorerError) -> None:
        self.last_failure = error
        self._failures_in_a_row += 1
        if self._failures_in_a_row >= self._retries.max_failures:
            reason = BackendError(
                f"{self._failures_in_a_row} calls in a row failed, so the run stops. The last: {error}",
                hint=error.hint or "The run is kept; go on with iz resume when the scorer answers again.",
            )
            self.stop(reason)
            raise reason from error

    async def _try_again(self, request: CompletionRequest) -> CompletionResult:
        attempts = AsyncRetrying(
            sleep=self._sleep,
            stop=stop_after_attempt(self._retries.tries) | stop_before_delay(self._retries.max_total),
            wait=self._wait,
            retry=retry_if_exception_type(TransientScorerError),
            reraise=True,
        )
        async for attempt in attempts:
            with attempt:
                return await self._complete_once(request)
        raise AssertionError("tenacity either returns or raises")

    async def _complete_once(self, request: CompletionRequest) -> CompletionResult:
        try:
            return await self._scorer.complete(request)
        except IzError:
            raise
        except Exception as error:
            raise BackendError(
                f"The scorer failed: {type(error).__name__}: {error}",
                hint="The run is kept; this is a fault of the scorer's plugin.",
            ) from error

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, TransientScorerError) else None
        if asked is not None:
            return asked
        # Full jitter between half and the whole of an exponential back-off keeps clients apart.
        longest = min(self._retries.max_wait, 2.0 ** (state.attempt_number - 1))
        return longest * (0.5 + self._jitter() / 2)


def completion_key(info: ScorerInfo, prompt: Prompt) -> str:
    """Return the cache key: a digest of everything that changes the answer."""
    content = msgspec.json.encode([info.identity, prompt], order="sorted")
    return hashlib.sha256(content).hexdigest()
