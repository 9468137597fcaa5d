"""Shows a comparison as it goes: bars on a terminal, plain lines elsewhere.

What is known comes from the database, so it does not matter in which process a run happens.
"""

import abc
import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

import izcore
from izcore.plugin import IzError
from izcore_compare.comparison import Comparison
from izcore_compare.runs import ComparedRun

SECONDS_BETWEEN_LOOKS = 0.5


class Watch(abc.ABC):
    """Tells what is under way, from a thread that looks at the database, and what is done.

    Draws nothing itself.
    """

    def __init__(self, comparison: Comparison, waiting: Sequence[ComparedRun]) -> None:
        self.max_calls = comparison.max_calls
        self.total = len(comparison.runs)
        self.done = self.total - len(waiting)
        self._waiting = {run.name: run for run in waiting}
        self._over = threading.Event()

    @abc.abstractmethod
    def under_way(self, name: str, calls: int, trials: int) -> None:
        """Show how far a run is. Called in the watching thread."""

    @abc.abstractmethod
    def finished(self, name: str) -> None:
        """Show that a run is done."""

    def tell(self, name: str) -> None:
        """Take in that a run is done."""
        self._waiting.pop(name, None)
        self.done += 1
        self.finished(name)

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Look at the database again and again."""
        watcher = threading.Thread(target=self._watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            self._over.set()
            watcher.join()

    def _watch(self) -> None:
        # A database that cannot be read is the runs' affair, and they will say so.
        with contextlib.suppress(IzError):
            # What a process that was killed left behind is not under way until it moves.
            seen = {name: _progress_of(run) for name, run in list(self._waiting.items())}
            while not self._over.wait(SECONDS_BETWEEN_LOOKS):
                for name, run in list(self._waiting.items()):
                    now = _progress_of(run)
                    if now is None or seen.get(name) == now:
                        continue
                    seen[name] = now
                    self.under_way(name, now.calls, now.trials)


def _progress_of(run: ComparedRun) -> "izcore.Progress | None":
    record = run.record()
    return izcore.progress(record.id, db=run.db) if record else None


class Lines(Watch):
    """A line when a run begins and when it ends, for logs and pipes."""

    def __init__(self, console: Console, comparison: Comparison, waiting: Sequence[ComparedRun]) -> None:
        super().__init__(comparison, waiting)
        self._console = console
        self._started = time.monotonic()
        self._begun: set[str] = set()

    def under_way(self, name: str, calls: int, trials: int) -> None:
        """Say once that a run is under way."""
        if name not in self._begun:
            self._begun.add(name)
            self._say(f"{name}: under way")

    def finished(self, name: str) -> None:
        """Say that a run is done."""
        self._say(f"{name}: done, {self.done} of {self.total} runs")

    def _say(self, text: str) -> None:
        elapsed = timedelta(seconds=int(time.monotonic() - self._started))
        self._console.print(f"[{elapsed}] {text}", soft_wrap=True)


class Bars(Watch):
    """A bar for all runs, and one for each that is under way."""

    def __init__(self, progress: Progress, comparison: Comparison, waiting: Sequence[ComparedRun]) -> None:
        super().__init__(comparison, waiting)
        self._progress = progress
        self._bars: dict[str, TaskID] = {}
        self._all = progress.add_task("all runs", total=self.total, completed=self.done, said=self._said())

    def under_way(self, name: str, calls: int, trials: int) -> None:
        """Move a run's bar."""
        if name not in self._bars:
            self._bars[name] = self._progress.add_task(name, total=self.max_calls, said="")
        said = f"{calls} of {self.max_calls} calls, {trials} trials"
        self._progress.update(self._bars[name], completed=calls, said=said)

    def finished(self, name: str) -> None:
        """Take a run's bar away."""
        if name in self._bars:
            self._progress.update(self._bars[name], visible=False)
        self._progress.update(self._all, completed=self.done, said=self._said())

    def _said(self) -> str:
        return f"{self.done} of {self.total} runs"


@contextlib.contextmanager
def comparison_display(
    console: Console, comparison: Comparison, waiting: Sequence[ComparedRun]
) -> Iterator[Callable[[str], None]]:
    """Show progress on the console; yield what wants to be told the name of each run that is done."""
    if not console.is_terminal:
        lines = Lines(console, comparison, waiting)
        with lines.watching():
            yield lines.tell
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[said]}", markup=False),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        bars = Bars(progress, comparison, waiting)
        with bars.watching():
            yield bars.tell
