"""Shows a run as it goes: a live panel on a terminal, plain lines elsewhere."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import TypedDict

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from izcore.cli.show import score_less
from izcore.engine.run_view import RunView, duration
from izcore.engine.writing_notes import describe_writing
from izcore.plugin.events import PhaseStarted, TrialFinished
from izcore.plugin.hookspecs import hookimpl
from izcore.plugin.interrupts import interruptible
from izcore.plugin.plain_text import plain_line
from izcore.plugin.trials import Trial


class LivePanel(RunView):
    """A panel that redraws itself."""

    def __rich__(self) -> RenderableType:
        """Draw the panel."""
        rows = Table.grid(padding=(0, 2))
        rows.add_column(style="dim")
        rows.add_column(overflow="fold")
        rows.add_row("phase", self.phase)
        rows.add_row("trials", f"{self.trials} of {self.total}" if self.total else "-")
        rows.add_row("spent", self.spent())
        left = self.seconds_left
        times = f"{duration(self.seconds)} so far" + (
            "" if left is None else f", about {duration(left)} left"
        )
        rows.add_row("time", times)
        rows.add_row("best", "-" if self.best is None else Text(f"{_score(self.best)} on validation", "bold"))
        # Text, not markup: an instruction may hold square brackets.
        rows.add_row("", "" if self.best is None else Text(self.best.candidate.instruction, "green"))
        rows.add_row("newest", "-" if self.newest is None else Text(self.newest.candidate.instruction))
        for note in describe_writing(self.round):
            rows.add_row("", Text(note, "yellow"))
        bar = ProgressBar(total=max(self.total, 1), completed=self.trials, pulse=not self.total)
        return Panel(Group(rows, bar), title=Text(f"izcore · {self.task}"), title_align="left")


class PlainLines(RunView):
    """A line when a phase begins and when the best changes, for logs and pipes."""

    def __init__(self, console: Console, expected_calls: int = 0) -> None:
        super().__init__(expected_calls)
        self._console = console

    @hookimpl
    def izcore_phase_started(self, event: PhaseStarted) -> None:
        """Say the phase, and what was odd about the instructions of the one before."""
        for note in describe_writing(self.round):
            self._say(note)
        super().izcore_phase_started(event)
        if event.total or event.phase == "prepare":
            what = "latents" if event.phase in ("pool", "suggest", "generate") else "calls"
            total = f" ({event.total} {what})" if event.total else ""
            outside = event.phase in ("pool", "retest", "test", "stop")
            spent = f"; {self.spent()}" if self.calls and event.phase in ("evaluate", "test") else ""
            where = self.phase if outside else f"round {event.round}: {self.phase}"
            self._say(f"{where}{total}{spent}")

    @hookimpl
    def izcore_trial_finished(self, event: TrialFinished) -> None:
        """Say a new best."""
        before = self.best
        super().izcore_trial_finished(event)
        if self.best is not None and (before is None or before.index != self.best.index):
            text = self.best.candidate.instruction
            self._say(f"trial {self.trials} of {self.total}: best so far {_score(self.best)}: {text}")

    def _say(self, text: str) -> None:
        self._console.print(plain_line(f"[{duration(self.seconds)}] {text}"), soft_wrap=True)


@contextlib.contextmanager
def progress_display(console: Console, expected_calls: int = 0) -> Iterator[RunView]:
    """Yield an observer that shows progress on the console."""
    if not console.is_terminal:
        yield PlainLines(console, expected_calls)
        return
    panel = LivePanel(expected_calls)
    with Live(panel, console=console, refresh_per_second=4, transient=True):
        yield panel


class Watching(TypedDict):
    """How a command watches a run: parameters of :func:`izcore.api.execute` and :func:`izcore.api.resume`."""

    observers: Mapping[str, object]
    announce: Callable[[str], None]


@contextlib.contextmanager
def watched(console: Console, *, expected_calls: int = 0) -> Iterator[Watching]:
    """Let a run be shown as it goes, and be stopped with Ctrl-C; for ``expected_calls`` see RunView."""

    def announce(run_id: str) -> None:
        console.print(f"Run {run_id}  (Ctrl-C keeps it; go on with: iz resume {run_id})", style="dim")

    with progress_display(console, expected_calls) as display, interruptible():
        yield {"observers": {"progress display": display}, "announce": announce}


def _score(trial: Trial) -> str:
    return score_less(trial.mean or 0.0, trial.penalty)
