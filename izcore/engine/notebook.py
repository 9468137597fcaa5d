"""Shows a run in a notebook as it goes, below the cell that started it."""

import sys
from collections.abc import Callable
from typing import Any

from izcore.engine.run_view import RunView, duration
from izcore.plugin.events import CallsAnswered, PhaseStarted, RunStarted, TrialFinished
from izcore.plugin.hookspecs import hookimpl
from izcore.plugin.plain_text import plain_line

REFRESH_SECONDS = 0.25


def in_notebook() -> bool:
    """Whether a notebook's kernel runs this process."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return hasattr(shell, "kernel")


def display_in_cell() -> Callable[[str], None]:
    """Return what shows a text below the current cell, in the place of the one before."""
    from IPython.display import display  # type: ignore[import-not-found]

    handle: Any = None

    def show(text: str) -> None:
        nonlocal handle
        if handle is None:
            handle = display({"text/plain": text}, raw=True, display_id=True)
        else:
            handle.update({"text/plain": text}, raw=True)

    return show


class NotebookProgress(RunView):
    """Tells ``show`` of a run: what a terminal's panel shows, as lines of text."""

    def __init__(self, show: Callable[[str], None]) -> None:
        super().__init__()
        self._show = show
        self._shown = -REFRESH_SECONDS

    @hookimpl
    def izcore_run_started(self, event: RunStarted) -> None:
        """Show what is planned."""
        super().izcore_run_started(event)
        self._refresh(at_once=True)

    @hookimpl
    def izcore_phase_started(self, event: PhaseStarted) -> None:
        """Show the phase."""
        super().izcore_phase_started(event)
        self._refresh(at_once=True)

    @hookimpl
    def izcore_calls_answered(self, event: CallsAnswered) -> None:
        """Show the totals, if they have not been shown just now."""
        super().izcore_calls_answered(event)
        self._refresh()

    @hookimpl
    def izcore_trial_finished(self, event: TrialFinished) -> None:
        """Show the trial."""
        super().izcore_trial_finished(event)
        self._refresh(at_once=True)

    def _refresh(self, *, at_once: bool = False) -> None:
        if at_once or self.seconds - self._shown >= REFRESH_SECONDS:
            self._shown = self.seconds
            self._show(self._text())

    def _text(self) -> str:
        left = self.seconds_left
        rest = "" if left is None else f", about {duration(left)} left"
        lines = [
            f"izcore · {plain_line(self.task)}",
            f"phase   {self.phase}",
            f"trials  {self.trials} of {self.total}",
            f"spent   {self.spent()}",
            f"time    {duration(self.seconds)} so far{rest}",
        ]
        if self.best is not None:
            lines.append(f"best    {self.best.mean or 0.0:.2f} on validation")
            lines.append(f"        {plain_line(self.best.candidate.instruction)}")
        return "\n".join(lines)
