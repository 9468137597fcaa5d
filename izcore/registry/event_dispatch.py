"""Tells observers what happens; one that raises, or takes too long, is reported and left out from then on.

An observer that comes from a plugin is called on a thread of its own, in the order of the events, so that one
that is slow or hangs does not hold up the run. Observers of the caller, such as a progress display, and the
core's own are called at once.
"""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import Self

from pluggy import HookImpl

from izcore.plugin.events import (
    CallFinished,
    CallsAnswered,
    NoteAdded,
    PhaseStarted,
    RunFinished,
    RunStarted,
    RunStopped,
    TrialFinished,
)
from izcore.plugin.record import Record
from izcore.registry.observer_thread import ObserverThread
from izcore.registry.redaction import without_keys
from izcore.registry.registry import Registry

HOOK_OF: Mapping[type[Record], str] = MappingProxyType(
    {
        RunStarted: "izcore_run_started",
        PhaseStarted: "izcore_phase_started",
        CallsAnswered: "izcore_calls_answered",
        CallFinished: "izcore_call_finished",
        TrialFinished: "izcore_trial_finished",
        NoteAdded: "izcore_note_added",
        RunFinished: "izcore_run_finished",
        RunStopped: "izcore_run_stopped",
    }
)


class Events:
    """Passes frozen events to every observer of a registry; a context manager.

    ``report`` receives one line about an observer that failed. ``time_limit`` is how many seconds a
    plugin's observer may take for one event; None is no limit. At the end of the context every observer has
    had its events, or was given up.
    """

    def __init__(
        self, registry: Registry, report: Callable[[str], None], *, time_limit: float | None = None
    ) -> None:
        self._registry = registry
        self._report = report
        self._time_limit = time_limit
        self._threads: dict[str, ObserverThread] = {}
        self._silenced: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for name, thread in self._threads.items():
            self._leave_out(name, self._finished(thread))

    def emit(self, event: Record) -> None:
        """Call the hook of this kind of event on each observer."""
        hook = getattr(self._registry.hooks.hook, HOOK_OF[type(event)])
        for implementation in hook.get_hookimpls():
            name = implementation.plugin_name
            if name in self._silenced:
                continue
            call = partial(self._call, implementation, event)
            if self._registry.origin(name):
                self._leave_out(name, self._thread(name).tell(call))
            else:
                with self.surviving(name):
                    call()

    @contextlib.contextmanager
    def surviving(self, observer: str) -> Iterator[None]:
        """Let an observer of that name work: if it fails, say so and leave it out from then on."""
        try:
            with contextlib.redirect_stdout(sys.stderr):
                yield
        except Exception as error:
            self._leave_out(observer, f"The observer {observer!r} failed ({type(error).__name__}: {error})")

    def leave(self, observer: str, last: Callable[[], None]) -> None:
        """Let an observer do its last work after all that it was told, and forget it.

        It does that work also if it failed before, but not if it hangs.
        """
        if not self._registry.origin(observer):
            with self.surviving(observer):
                last()
            return
        thread = self._threads.pop(observer, None)
        if thread is not None:
            self._leave_out(observer, self._finished(thread))
            if thread.hangs:
                return
        closing = self._new_thread(observer)
        self._leave_out(observer, closing.tell(last) or self._finished(closing))

    def _thread(self, name: str) -> ObserverThread:
        if name not in self._threads:
            self._threads[name] = self._new_thread(name)
        return self._threads[name]

    def _new_thread(self, name: str) -> ObserverThread:
        return ObserverThread(f"{name!r} of {self._registry.origin(name)}", self._time_limit)

    def _finished(self, thread: ObserverThread) -> str:
        try:
            return thread.finish(self._report)
        except KeyboardInterrupt:
            # The run itself has ended, and its result should still be shown.
            self._report("An observer that had still something to do was left alone.")
            return ""

    def _call(self, implementation: HookImpl, event: Record) -> None:
        self._registry.tracer.call(implementation.plugin_name, implementation, {"event": event})

    def _leave_out(self, name: str, failure: str) -> None:
        if failure and name not in self._silenced:
            self._silenced.add(name)
            failure = without_keys(failure, os.environ)
            self._report(f"{failure}; the run goes on without it.")
