"""Checks of trackers."""

import copy
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pluggy

from izcore.plugin import hookspecs
from izcore.plugin.calls import Completion, Prompt, Usage
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
from izcore.plugin.protocols import Tracker
from izcore.plugin.record import Record
from izcore.testing.backends import BackendConformance, Make
from izcore.testing.conformance import unchanged
from izcore.testing.sample_run import sample_run

RUN = sample_run("Add s.")
USAGE = Usage(input_tokens=30, output_tokens=3)
STARTED = RunStarted(run_id=RUN.id, task=RUN.task, trials=2, max_calls=9, config=RUN.config)
ANSWERED = CallFinished(
    run_id=RUN.id,
    asker="scorer",
    model="tiny",
    key="0123",
    outcome="answered",
    prompt=Prompt(text="Add s.\n\nInput: cat"),
    completion=Completion(text="cats", usage=USAGE),
    cost_usd=0.25,
    tries=1,
    seconds=0.5,
)
FAILED = msgspec.structs.replace(
    ANSWERED, outcome="failed", completion=None, cost_usd=None, tries=6, error="Nobody answers."
)
HOOKS = {
    RunStarted: "izcore_run_started",
    PhaseStarted: "izcore_phase_started",
    CallFinished: "izcore_call_finished",
    CallsAnswered: "izcore_calls_answered",
    TrialFinished: "izcore_trial_finished",
    NoteAdded: "izcore_note_added",
    RunFinished: "izcore_run_finished",
    RunStopped: "izcore_run_stopped",
}


class TrackerConformance(BackendConformance):
    """What the core relies on in a tracker. What it writes goes to ``tmp_path`` or a test's server."""

    kind = "tracker"
    methods = ("close",)

    def test_its_hooks_exist_and_are_marked(self, make: Make) -> None:
        """Every method called ``izcore_…`` is a hook and has ``@hookimpl``; others would never be called."""
        tracker = make()
        named = {name for name in dir(type(tracker)) if name.startswith("izcore_")}
        marked = {name for name in named if hasattr(getattr(tracker, name), "izcore_impl")}
        assert named - marked == set(), "without @hookimpl"
        assert named - set(HOOKS.values()) == set(), "no observing hooks"

    def test_a_run_that_ends(self, make: Make) -> None:
        """It follows a run from start to result without raising: one that raises is left out from then on."""
        assert RUN.result is not None
        _tell(make(), [*_searching(), RunFinished(run_id=RUN.id, result=RUN.result)])

    def test_a_run_that_goes_on_and_stops(self, make: Make) -> None:
        """A run may go on with trials that another tracker was told of, and stop before its end."""
        resumed = msgspec.structs.replace(STARTED, done=1)
        stopped = RunStopped(run_id=RUN.id, status="interrupted", reason="Ctrl-C.")
        _tell(make(), [resumed, *_searching()[1:], stopped])

    def test_failures_on_the_way(self, make: Make) -> None:
        """A call may have failed, a price be unknown, and no trial have a score yet."""
        unscored = msgspec.structs.replace(RUN.trials[0], scores=(None, None), answers=(), cost_usd=None)
        unknown = CallsAnswered(run_id=RUN.id, calls=1, cached_calls=0, usage=USAGE, cost_usd=None)
        missed = TrialFinished(run_id=RUN.id, trial=unscored, best=None)
        _tell(make(), [*_searching()[:2], FAILED, unknown, missed])

    def test_a_run_that_never_starts(self, make: Make) -> None:
        """A run that cannot start is told as stopped, or not at all; the tracker is closed all the same."""
        make().close()
        _tell(make(), [RunStopped(run_id=RUN.id, status="failed", reason="No such model.")])

    def test_another_thread_calls_it(self, make: Make) -> None:
        """It is made on one thread, told and closed on another: a slow tracker must not hold up the run."""
        made = make()
        with ThreadPoolExecutor(1) as other:
            assert other.submit(threading.get_ident).result() != threading.get_ident()
            other.submit(_tell, made, _searching()).result()

    def test_events_are_left_as_they_were(self, make: Make) -> None:
        """Events are not changed: other observers are told the same ones."""
        events = _searching()
        with unchanged(*events):
            _tell(make(), events)


def _searching() -> list[Record]:
    trial = RUN.trials[0]
    events = [
        STARTED,
        PhaseStarted(run_id=RUN.id, phase="evaluate", round=0, total=3),
        ANSWERED,
        CallsAnswered(run_id=RUN.id, calls=1, cached_calls=0, usage=USAGE, cost_usd=0.25),
        TrialFinished(run_id=RUN.id, trial=trial, best=trial),
        NoteAdded(run_id=RUN.id, note="All score 0.", example="For example, 'cat' where 'cats' is wanted."),
    ]
    # Copies, so that a tracker that changes one spoils no other check.
    return copy.deepcopy(events)


def _tell(tracker: Tracker, events: Sequence[Record]) -> None:
    """Tell a tracker of events as the core does, and close it."""
    hooks = pluggy.PluginManager(hookspecs.PROJECT)
    hooks.add_hookspecs(hookspecs)
    hooks.register(tracker)
    for event in events:
        getattr(hooks.hook, HOOKS[type(event)])(event=event)
    tracker.close()
