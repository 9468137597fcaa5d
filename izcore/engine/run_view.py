"""What is known about a run while it goes on, for those who show it."""

import time
from collections.abc import Callable

from izcore.plugin.calls import Usage
from izcore.plugin.events import CallsAnswered, Phase, PhaseStarted, RunStarted, TrialFinished
from izcore.plugin.hookspecs import hookimpl
from izcore.plugin.trials import Candidate, Trial
from izcore.scoring.budget_ledger import dollars

PHASES: dict[Phase, str] = {
    "prepare": "preparing the generator",
    "pool": "writing a pool of instructions",
    "suggest": "choosing latents",
    "generate": "writing instructions",
    "evaluate": "scoring on validation",
    "retest": "comparing the finalists on fresh examples",
    "test": "opening the sealed test split",
    "stop": "waiting for answers that are paid for (Ctrl-C once more: not waiting)",
}


ENOUGH_CALLS = 10
"""So many answers say what those that follow will cost."""


class RunView:
    """What is known about a run so far; observes events and draws nothing.

    ``expected_calls`` is how many calls the run is expected to make; 0 where that is not known. ``round``
    holds the candidates of the phase that goes on, as far as they have trials.
    """

    def __init__(self, expected_calls: int = 0, *, stopwatch: Callable[[], float] = time.monotonic) -> None:
        self.expected_calls = expected_calls
        self._stopwatch = stopwatch
        self._started = stopwatch()
        self.task = ""
        self.phase = "starting"
        self.trials = 0
        self.trials_at_start = 0
        self.total = 0
        self.max_calls: int | None = None
        self.max_tokens: int | None = None
        self.max_cost: float | None = None
        self.calls = 0
        self.cached_calls = 0
        self.usage = Usage()
        self.cost_usd: float | None = None
        self.best: Trial | None = None
        self.newest: Trial | None = None
        self.round: list[Candidate] = []

    @hookimpl
    def izcore_run_started(self, event: RunStarted) -> None:
        """Take in what is planned."""
        self.task, self.total = event.task, event.trials
        self.max_calls, self.max_tokens, self.max_cost = event.max_calls, event.max_tokens, event.max_cost
        self.trials = self.trials_at_start = event.done

    @hookimpl
    def izcore_phase_started(self, event: PhaseStarted) -> None:
        """Take in the phase."""
        self.phase = PHASES[event.phase]
        if event.phase != "stop":
            self.round = []

    @hookimpl
    def izcore_calls_answered(self, event: CallsAnswered) -> None:
        """Take in the totals."""
        self.calls, self.cached_calls = event.calls, event.cached_calls
        self.usage, self.cost_usd = event.usage, event.cost_usd

    @hookimpl
    def izcore_trial_finished(self, event: TrialFinished) -> None:
        """Take in a trial."""
        self.trials = event.trial.index + 1
        self.newest, self.best = event.trial, event.best
        self.round.append(event.trial.candidate)

    @property
    def seconds(self) -> float:
        """Seconds since the display began."""
        return self._stopwatch() - self._started

    @property
    def seconds_left(self) -> float | None:
        """Estimate of the seconds left, from the pace so far; None before the first trial."""
        done = self.trials - self.trials_at_start
        return self.seconds / done * (self.total - self.trials) if done else None

    @property
    def expected_cost(self) -> float | None:
        """US dollars that the run is likely to cost in all, by the answers so far; None while there are few.

        Never more than the limit, which ends the run.
        """
        left = self.expected_calls - self.calls - self.cached_calls
        if self.cost_usd is None or self.calls < ENOUGH_CALLS or left <= 0:
            return None
        expected = self.cost_usd * (1 + left / self.calls)
        return expected if self.max_cost is None else min(expected, self.max_cost)

    def spent(self) -> str:
        """Calls, tokens and money in one line."""
        calls, tokens = f"{self.calls:,}", f"{self.usage.total:,}"
        if self.max_calls is not None:
            calls += f" of at most {self.max_calls:,}"
        if self.max_tokens is not None:
            tokens += f" of at most {self.max_tokens:,}"
        parts = [f"{calls} calls", f"{tokens} tokens"]
        if self.cached_calls:
            parts.insert(1, f"{self.cached_calls} from the cache")
        if self.cost_usd is not None:
            wall = "" if self.max_cost is None else f" of at most {dollars(self.max_cost)}"
            parts.append(f"${self.cost_usd:.4f}{wall}")
        if self.cost_usd and self.expected_cost is not None:
            parts.append(f"${self.expected_cost:.4f} expected in all")
        return ", ".join(parts)


def duration(seconds: float) -> str:
    """Show seconds as minutes and hours."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
