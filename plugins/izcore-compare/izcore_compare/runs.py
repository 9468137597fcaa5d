"""One run of a comparison, as a job that any process can do."""

import contextlib
import gc
import sys

import msgspec

import izcore
from izcore.plugin import Job, Record, about

PERFORM = f"{__name__}:perform"


class ComparedRun(Record):
    """One run of a comparison: all that a process needs to know to begin it, or to go on with it.

    ``db`` is the path of the database. ``accept_changes`` lets a run that was begun go on although something
    changed that it depends on. ``curve`` asks for test scores of every instruction that led for a
    time, too. ``blocked`` names plugins that shall not load; ``trace`` shows the calls of their hooks.
    """

    method: str
    planned: izcore.PlannedRun
    db: str
    blocked: tuple[str, ...] = ()
    trace: bool = False
    curve: bool = False
    accept_changes: bool = False

    @property
    def name(self) -> str:
        """What people call it."""
        return f"{self.method}, seed {self.planned.config.seed}"

    @property
    def job(self) -> Job:
        """The run as an executor takes it."""
        return Job(name=self.name, function=PERFORM, payload=msgspec.json.encode(self).decode())

    def record(self) -> "izcore.RunRecord | None":
        """Return the run in the database, if it was begun; an equal comparison always finds the same run."""
        return izcore.find_run(self.planned, db=self.db)

    def is_done(self, registry: "izcore.Registry") -> bool:
        """Whether nothing is left to do."""
        record = self.record()
        if record is None or record.status != "done":
            return False
        if not self.curve:
            return True
        known = {tested.guidance for tested in izcore.run(record.id, db=self.db).test_scores}
        led = izcore.trajectory(record.id, db=self.db, registry=registry).incumbents
        return all(incumbent.guidance in known for incumbent in led)


def perform(payload: str) -> None:
    """Begin a run or go on with it, to its end; do nothing where it is done."""
    run = msgspec.json.decode(payload, type=ComparedRun)
    registry = izcore.discover(run.blocked, trace=run.trace)
    with about(run.name), contextlib.redirect_stdout(sys.stderr):
        record = run.record()
        if record is None:
            run_id = izcore.execute(run.planned, db=run.db, registry=registry).run_id
        elif record.status != "done":
            run_id = izcore.resume(
                record.id, accept_changes=run.accept_changes, db=run.db, registry=registry
            ).run_id
        else:
            run_id = record.id
        if run.curve:
            led = izcore.trajectory(run_id, db=run.db, registry=registry).incumbents
            izcore.score_held_out(
                run_id, [incumbent.guidance for incumbent in led], db=run.db, registry=registry
            )
    # A model's parts point at each other: it leaves the memory only when it is collected, and garbage of so
    # few objects would wait there for the models of many more runs.
    gc.collect()
