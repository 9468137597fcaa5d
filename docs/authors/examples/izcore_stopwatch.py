"""An observer that tells at the end of a run where the time went. Any observing hook may be left out."""

import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field

from izcore.plugin import (
    CallFinished,
    CallsAnswered,
    NoteAdded,
    PhaseStarted,
    RunFinished,
    RunStarted,
    RunStopped,
    TrialFinished,
    hookimpl,
)


@dataclass
class Lap:
    """What is known of one run."""

    phase: str = "start"
    since: float = field(default_factory=time.monotonic)
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    failed: int = 0
    slowest: float = 0.0
    spent: float | None = 0.0
    best: list[int] = field(default_factory=list)

    def enter(self, phase: str) -> None:
        """Stop the clock of one phase and start the next one's."""
        now = time.monotonic()
        self.seconds[self.phase] += now - self.since
        self.phase, self.since = phase, now

    def summary(self, end: str) -> str:
        """Return one line: how it ended, seconds by phase, calls, trials that were the best so far."""
        self.enter("over")
        phases = ", ".join(f"{phase} {seconds:.1f} s" for phase, seconds in self.seconds.items())
        cost = "unknown" if self.spent is None else f"{self.spent:.2f} USD"
        return (
            f"stopwatch: {end}; {phases}; slowest call {self.slowest:.1f} s, {self.failed} failed; "
            f"cost {cost}; new bests: {self.best}"
        )


class Stopwatch:
    """The plugin is an object, as it has something to remember between two events."""

    IZCORE_API = 1

    def __init__(self) -> None:
        self._laps: dict[str, Lap] = {}

    @hookimpl
    def izcore_run_started(self, event: RunStarted) -> None:
        """Start the clock; several runs may be under way in one process."""
        self._laps[event.run_id] = Lap()

    @hookimpl
    def izcore_phase_started(self, event: PhaseStarted) -> None:
        """Note how long the phase before this one took."""
        self._lap(event.run_id).enter(event.phase)

    @hookimpl
    def izcore_call_finished(self, event: CallFinished) -> None:
        """Look out for slow and for failed calls."""
        lap = self._lap(event.run_id)
        lap.slowest = max(lap.slowest, event.seconds)
        lap.failed += event.outcome == "failed"

    @hookimpl
    def izcore_calls_answered(self, event: CallsAnswered) -> None:
        """Keep the total."""
        self._lap(event.run_id).spent = event.cost_usd

    @hookimpl
    def izcore_trial_finished(self, event: TrialFinished) -> None:
        """Note the trials that were better than all before."""
        if event.best is not None and event.best.index == event.trial.index:
            self._lap(event.run_id).best.append(event.trial.index)

    @hookimpl
    def izcore_note_added(self, event: NoteAdded) -> None:
        """Tell at once when it was noticed."""
        lap = self._lap(event.run_id)
        print(f"stopwatch: noticed in the phase {lap.phase}: {event.note}", file=sys.stderr)

    @hookimpl
    def izcore_run_finished(self, event: RunFinished) -> None:
        """Tell."""
        self._tell(event.run_id, event.result.status)

    @hookimpl
    def izcore_run_stopped(self, event: RunStopped) -> None:
        """Tell this, too. Nothing was started if the run stopped before it began."""
        self._tell(event.run_id, f"{event.status} ({event.reason})")

    def _lap(self, run_id: str) -> Lap:
        # ``iz score`` tells of calls, but has neither start nor end; this keeps nothing of it.
        return self._laps.get(run_id) or Lap()

    def _tell(self, run_id: str, end: str) -> None:
        lap = self._laps.pop(run_id, None)
        if lap is not None:
            print(lap.summary(end), file=sys.stderr)


plugin = Stopwatch()
"""What the entry point names: ``stopwatch = "izcore_stopwatch:plugin"``."""
