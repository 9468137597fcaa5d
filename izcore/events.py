"""Tells observers what happens; one that raises is reported and left out from then on."""

import contextlib
import re
import sys
from collections.abc import Callable, Iterator, Mapping

import pluggy

from izcore.records import (
    CallFinished,
    CallsAnswered,
    PhaseStarted,
    Record,
    RunFinished,
    RunStarted,
    RunStopped,
    TrialFinished,
)

HOOK_OF: Mapping[type[Record], str] = {
    RunStarted: "izcore_run_started",
    PhaseStarted: "izcore_phase_started",
    CallsAnswered: "izcore_calls_answered",
    CallFinished: "izcore_call_finished",
    TrialFinished: "izcore_trial_finished",
    RunFinished: "izcore_run_finished",
    RunStopped: "izcore_run_stopped",
}

_CREDENTIALS = re.compile(r"//[^/\s]*@")
"""What stands before the host in a URL may be a password."""


class Events:
    """Passes frozen events to every observer of a plugin manager.

    ``report`` receives one line about an observer that failed.
    """

    def __init__(self, hooks: pluggy.PluginManager, report: Callable[[str], None]) -> None:
        self._hooks = hooks
        self._report = report
        self._silenced: set[str] = set()

    def emit(self, event: Record) -> None:
        """Call the hook of this kind of event on each observer."""
        hook = getattr(self._hooks.hook, HOOK_OF[type(event)])
        for implementation in hook.get_hookimpls():
            if implementation.plugin_name in self._silenced:
                continue
            with self.surviving(implementation.plugin_name):
                implementation.function(*[event for _ in implementation.argnames])

    @contextlib.contextmanager
    def surviving(self, observer: str) -> Iterator[None]:
        """Let an observer of that name work: if it fails, say so and leave it out from then on."""
        try:
            with contextlib.redirect_stdout(sys.stderr):
                yield
        except Exception as error:
            self._silenced.add(observer)
            why = _CREDENTIALS.sub("//", f"{type(error).__name__}: {error}")
            self._report(f"The observer {observer!r} failed ({why}); the run goes on without it.")
