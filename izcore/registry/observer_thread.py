"""One plugin's observer, on a thread of its own."""

import queue
import threading
import time
from collections.abc import Callable

MOST_WAITING = 1_000
"""Events that may wait for a slow observer; then the run waits for it, as long as it gets on at all."""
SILENT_SECONDS = 2.0
"""A wait at the end that takes longer is explained."""
STEP_SECONDS = 0.05


class ObserverThread:
    """Does what an observer is told, in order; the thread does not keep the process alive.

    ``who`` names the plugin and its distribution in messages. ``time_limit`` is how many seconds it may
    take for one event; None is no limit.
    """

    def __init__(self, who: str, time_limit: float | None) -> None:
        self._who = who
        self._time_limit = time_limit
        self._waiting: queue.Queue[Callable[[], None] | None] = queue.Queue(MOST_WAITING)
        self._began: float | None = None
        self._failure = ""
        self._thread = threading.Thread(target=self._work, name=f"izcore observer {who}", daemon=True)
        self._thread.start()

    @property
    def hangs(self) -> bool:
        """Whether it is still busy, after :meth:`finish`."""
        return self._thread.is_alive() and self._began is not None

    def tell(self, work: Callable[[], None] | None) -> str:
        """Let the observer do some work when it has done all before; return how it failed, if it did.

        Returns at once unless far too much waits already.
        """
        while not self._given_up():
            try:
                self._waiting.put(work, timeout=STEP_SECONDS)
            except queue.Full:
                continue
            break
        return self._failure

    def finish(self, say: Callable[[str], None]) -> str:
        """Wait until everything is done; return how the observer failed, if it did.

        ``say`` hears of a long wait.
        """
        self.tell(None)
        started, said = time.monotonic(), False
        while self._thread.is_alive() and not self._given_up():
            self._thread.join(STEP_SECONDS)
            if not said and time.monotonic() - started > SILENT_SECONDS:
                said = True
                say(f"Waiting for the observer {self._who}; Ctrl-C leaves it.")
        return self._failure

    def _given_up(self) -> bool:
        began = self._began
        if not self._failure and began is not None and self._time_limit is not None:
            taken = time.monotonic() - began
            if taken > self._time_limit:
                self._failure = f"The observer {self._who} has been busy with one event for {taken:.0f} s"
        return bool(self._failure)

    def _work(self) -> None:
        while (work := self._waiting.get()) is not None and not self._failure:
            self._began = time.monotonic()
            try:
                work()
            except BaseException as error:
                # Also SystemExit and the like: nobody else would hear of them on this thread.
                self._failure = f"The observer {self._who} failed ({type(error).__name__}: {error})"
            self._began = None
