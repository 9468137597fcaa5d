"""When a call that failed is tried again, and when it has failed for good."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type

from izcore.config.schema import Retries
from izcore.plugin.errors import TransientScorerError


@dataclass(frozen=True)
class RetryPolicy:
    """Tries a call again after a TransientScorerError: so often and so long as ``limits`` allow.

    It waits as long as the server asks for, if there is so much patience at all, else by exponential
    back-off. ``jitter`` draws a number from [0, 1).
    """

    limits: Retries
    jitter: Callable[[], float]

    def attempts(self, sleep: Callable[[float], Awaitable[None]]) -> AsyncRetrying:
        """Return the tries of one call, which wait with ``sleep``; the last error is raised as it was."""
        return AsyncRetrying(
            sleep=sleep,
            stop=self._gives_up,
            wait=self._seconds_to_wait,
            retry=retry_if_exception_type(TransientScorerError),
            reraise=True,
        )

    def allows_wait(self, seconds: float) -> bool:
        """Whether a call may wait as long as this at all."""
        return seconds <= self.limits.max_total

    def _gives_up(self, state: RetryCallState) -> bool:
        waited = state.idle_for + state.upcoming_sleep
        return state.attempt_number >= self.limits.tries or not self.allows_wait(waited)

    def _seconds_to_wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, TransientScorerError) else None
        if asked is not None and self.allows_wait(asked):
            return asked
        # Full jitter between half and the whole of an exponential back-off keeps clients apart.
        longest = min(self.limits.max_wait, 2.0 ** (state.attempt_number - 1))
        return longest * (0.5 + self.jitter() / 2)
