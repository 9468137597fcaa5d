"""Makes the trackers that a run names, lets them observe it, and closes them in the end."""

import contextlib
from collections.abc import Iterator

from izcore.engine.environment import Environment
from izcore.plugin.protocols import Tracker
from izcore.registry.choices import BackendChoice
from izcore.storage.records import RunRecord


@contextlib.contextmanager
def tracking(environment: Environment, record: RunRecord) -> Iterator[None]:
    """Let a run's trackers observe it. One that cannot be made, fails or cannot be closed is reported."""
    with contextlib.ExitStack() as stack:
        for choice in record.config.trackers:
            stack.enter_context(_tracked(environment, record, choice))
        yield


@contextlib.contextmanager
def _tracked(environment: Environment, record: RunRecord, choice: BackendChoice) -> Iterator[None]:
    registry, events = environment.registry, environment.events
    name = f"tracker {choice.name}"
    tracker: Tracker | None = None
    with events.surviving(name):
        tracker = registry.build("tracker", choice, environment.paths.context(record.config.seed))
        registry.observe(tracker, name, origin=registry.find("tracker", choice.name).plugin.distribution)
    try:
        yield
    finally:
        if tracker is not None:
            registry.leave_out(tracker)
            events.leave(name, tracker.close)
