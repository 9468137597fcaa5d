"""Ctrl-C at any moment keeps the run, says so, and is never taken for a fault of somebody's."""

import contextlib
import random
import signal
import sys
import time
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

import pytest
from support import without_times

import izcore
from izcore.cli.shared import as_dict
from izcore.plugin.errors import BackendError, InterruptedRunError
from izcore.plugin.interrupts import interruptible, undisguised_interrupts
from izcore.plugin.results import RunResult
from izcore.storage.store import Store

PACKAGE = str(Path(izcore.__file__).parent)
MOMENTS = 40
EDGE = 100
"""Within so many lines a run begins, or ends: what is not written yet would be lost there."""
SEARCH: dict[str, Any] = {
    "generator": "phrases",
    "scorer": "obedient",
    "surrogate": "sobol",
    "settings": {"search": {"initial": 6, "batch": 3, "rounds": 2}, "scorer": {"mistakes": 0.2}},
}


class CtrlC:
    """Presses Ctrl-C when so many lines of the package were run, counted from the beginning of a run."""

    def __init__(self, after: float) -> None:
        self.after = after
        self.lines = 0

    def __enter__(self) -> "CtrlC":
        sys.settrace(self._trace)
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        sys.settrace(None)

    def _trace(self, frame: FrameType, event: str, argument: Any) -> Any:
        if not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        if event == "line" and (self.lines or frame.f_code.co_name == "create_run"):
            self.lines += 1
            if self.lines == self.after:
                signal.raise_signal(signal.SIGINT)
        return self._trace


def search(db: Path) -> RunResult:
    with interruptible():
        return izcore.optimize("mirror", db=db, **SEARCH)


def found(result: RunResult) -> dict[str, Any]:
    """What a run found, without what an answer that was lost on its way may have cost."""
    return without_times(as_dict(result), "calls", "lost_calls", "tokens", "cost_usd")


def test_ctrl_c_at_any_line_keeps_the_run_and_its_status(tmp_path: Path) -> None:
    with CtrlC(after=float("inf")) as watch:
        undisturbed = search(tmp_path / "undisturbed.sqlite")
    chance = random.Random(5)
    last = watch.lines
    stretches = range(1, EDGE), range(EDGE, last - EDGE), range(last - EDGE, last)
    for moment in (moment for stretch in stretches for moment in chance.sample(stretch, k=MOMENTS)):
        db = tmp_path / f"{moment}.sqlite"
        with contextlib.suppress(InterruptedRunError, KeyboardInterrupt), CtrlC(after=moment):
            search(db)
        with Store(db) as store:
            records = store.runs()
        assert {record.status for record in records} <= {"interrupted", "done"}, moment
        for record in records:
            assert found(record.result or izcore.resume(record.id, db=db)) == found(undisturbed), moment


def test_an_interrupt_that_a_destructor_swallows_comes_again() -> None:
    class Closing:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    def work() -> None:
        Closing()
        time.sleep(60)

    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt), interruptible():
        work()
    assert time.monotonic() - begun < 30


def test_an_interrupt_in_disguise_is_recognised() -> None:
    def importing() -> None:
        try:
            raise KeyboardInterrupt
        except BaseException as error:
            raise ImportError("initialization failed") from error

    def with_a_plugin_at_fault() -> None:
        try:
            importing()
        except ImportError as error:
            raise BackendError("The surrogate failed.") from error

    for disguised in (importing, with_a_plugin_at_fault):
        with pytest.raises(KeyboardInterrupt), undisguised_interrupts():
            disguised()


def test_a_failure_that_no_interrupt_caused_stays_what_it_is() -> None:
    with pytest.raises(ImportError, match="plain"), undisguised_interrupts():
        raise ImportError("plain")

    def explaining() -> None:
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt:
            raise InterruptedRunError("Stopped.") from None

    with pytest.raises(InterruptedRunError, match="Stopped"), undisguised_interrupts():
        explaining()
