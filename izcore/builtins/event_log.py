"""The tracker ``jsonl``: what happens in a run, one JSON object per line, for programs to read."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from izcore.builtins.options import EventLogOptions
from izcore.plugin import (
    BackendContext,
    CallFinished,
    CallsAnswered,
    NoteAdded,
    PhaseStarted,
    Record,
    RunFinished,
    RunStarted,
    RunStopped,
    Tracker,
    TrialFinished,
    hookimpl,
    make_private_file,
    plain_json,
    user_path,
)
from izcore.plugin.errors import UsageError

TEXTS = frozenset({"prompt", "text", "reasoning", "answers", "reasonings", "exemplars", "example"})
"""Fields that hold the task's data, or what the black box made of it."""

BULKY = frozenset({"features"})
"""Fields that would make the file many times as large; the database of runs has them."""


class EventLog(Tracker):
    """Appends a line for every event, which is in the file before the run goes on.

    A line holds ``event``, ``time`` (seconds since 1970) and the fields of the event's record, but for
    :data:`BULKY` ones and, unless the option ``texts`` is set, :data:`TEXTS`. Several runs may share a file.
    ``clock`` gives the time.
    """

    def __init__(
        self, options: EventLogOptions, context: BackendContext, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._left_out = BULKY if options.texts else BULKY | TEXTS
        self._clock = clock
        path = user_path(options.file)
        try:
            make_private_file(path)
            # Without a buffer every line is one write at the end of the file, whoever else appends to it.
            self._file = path.open("ab", buffering=0)
            if _is_torn(path):
                self._file.write(b"\n")
        except OSError as error:
            raise UsageError(f"trackers.jsonl.file: {path} cannot be written: {error.strerror}.") from None

    @hookimpl
    def izcore_run_started(self, event: RunStarted) -> None:
        """Write the run's configuration and budget."""
        self._append("run_started", msgspec.to_builtins(event))

    @hookimpl
    def izcore_phase_started(self, event: PhaseStarted) -> None:
        """Write what the run does next."""
        self._write("phase_started", event)

    @hookimpl
    def izcore_calls_answered(self, event: CallsAnswered) -> None:
        """Write the totals so far."""
        self._write("calls_answered", event)

    @hookimpl
    def izcore_call_finished(self, event: CallFinished) -> None:
        """Write how a call went."""
        self._write("call_finished", event)

    @hookimpl
    def izcore_trial_finished(self, event: TrialFinished) -> None:
        """Write the trial, and the best so far."""
        self._write("trial_finished", event)

    @hookimpl
    def izcore_note_added(self, event: NoteAdded) -> None:
        """Write what was noticed."""
        self._write("note_added", event)

    @hookimpl
    def izcore_run_finished(self, event: RunFinished) -> None:
        """Write the result."""
        self._write("run_finished", event)

    @hookimpl
    def izcore_run_stopped(self, event: RunStopped) -> None:
        """Write why the run stopped."""
        self._write("run_stopped", event)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, name: str, event: Record) -> None:
        self._append(name, self._kept(msgspec.to_builtins(event)))

    def _append(self, name: str, fields: dict[str, Any]) -> None:
        line = {"event": name, "time": round(self._clock(), 3), **fields}
        self._file.write(plain_json(msgspec.json.encode(line).decode()).encode() + b"\n")

    def _kept(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._kept(part) for key, part in value.items() if key not in self._left_out}
        return [self._kept(part) for part in value] if isinstance(value, list | tuple) else value


def _is_torn(path: Path) -> bool:
    """Whether the last line has no end: the process that wrote it was killed, or the disk was full."""
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return False
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"
