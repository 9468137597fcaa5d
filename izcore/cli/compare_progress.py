"""Shows a comparison as it goes: bars on a terminal, a line per finished run elsewhere.

What is known comes from the database, so it does not matter in which process a run happens.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from izcore.comparison import Comparison
from izcore.executors import Job
from izcore.store import Store

SECONDS_BETWEEN_LOOKS = 0.5


@contextlib.contextmanager
def comparison_display(
    console: Console, comparison: Comparison, waiting: Sequence[Job], database: Path
) -> Iterator[Callable[[Job], None]]:
    """Yield what wants to be told of each job that is done."""
    if not console.is_terminal:
        yield _Lines(console, comparison, waiting).tell
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[said]}", markup=False),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        bars = _Bars(progress, comparison, waiting, database)
        with bars.watching():
            yield bars.tell


class _Lines:
    def __init__(self, console: Console, comparison: Comparison, waiting: Sequence[Job]) -> None:
        self._console = console
        self._total = len(comparison.jobs)
        self._done = self._total - len(waiting)
        self._started = time.monotonic()

    def tell(self, job: Job) -> None:
        """Say that a job is done."""
        self._done += 1
        seconds = int(time.monotonic() - self._started)
        text = f"[{seconds // 60}:{seconds % 60:02}] {self._done} of {self._total} runs: {job.name} is done"
        self._console.print(text, markup=False, soft_wrap=True)


class _Bars:
    """One bar for all runs and one for each that is under way, fed by a thread that looks at the database."""

    def __init__(
        self, progress: Progress, comparison: Comparison, waiting: Sequence[Job], database: Path
    ) -> None:
        self._progress = progress
        self._max_calls = comparison.max_calls
        self._waiting = {job.name: job for job in waiting}
        self._database = database
        self._bars: dict[str, TaskID] = {}
        self._over = threading.Event()
        total = len(comparison.jobs)
        self._all = progress.add_task("all runs", total=total, said="")
        self._advance(total - len(waiting))

    def tell(self, job: Job) -> None:
        """Take a finished job's bar away."""
        self._waiting.pop(job.name, None)
        if job.name in self._bars:
            self._progress.update(self._bars[job.name], visible=False)
        self._advance(1)

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Look at the database again and again, in a thread of its own."""
        watcher = threading.Thread(target=self._watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            self._over.set()
            watcher.join()

    def _watch(self) -> None:
        with Store(self._database) as store:
            started = {name: job.record(store) for name, job in self._waiting.items()}
            stale = {name: store.progress(record.id) for name, record in started.items() if record}
            while not self._over.wait(SECONDS_BETWEEN_LOOKS):
                for name, job in list(self._waiting.items()):
                    record = job.record(store)
                    if record is None or record.status != "running":
                        continue
                    trials, calls = store.progress(record.id)
                    if stale.get(name) == (trials, calls):
                        continue  # a process that was killed left it so; nobody is at it yet
                    if name not in self._bars:
                        self._bars[name] = self._progress.add_task(name, total=self._max_calls, said="")
                    said = f"{calls} of {self._max_calls} calls, {trials} trials"
                    self._progress.update(self._bars[name], completed=calls, said=said)

    def _advance(self, runs: int) -> None:
        self._progress.advance(self._all, runs)
        state = self._progress.tasks[0]
        self._progress.update(self._all, said=f"{state.completed:.0f} of {state.total:.0f} runs")
