"""How long a plugin may keep everybody waiting.

Python cannot kill a thread. On the main thread a signal can raise an exception in whatever Python code runs
there, also in a sleep or a socket's wait; elsewhere, on Windows and in code that is not Python, a message
that names the culprit is all there is.
"""

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

from izcore.plugin.errors import ConfigError

VARIABLE = "IZ_PLUGIN_TIMEOUT"
LOADING_SECONDS = 10.0
"""A plugin's module imports nothing heavy; it takes milliseconds, and on a slow network drive a second."""
OBSERVING_SECONDS = 60.0
"""An observer may upload something; it does so on a thread of its own."""
GRACE_SECONDS = 1.0


class TimeLimitError(BaseException):
    """The time is over. No ``Exception``, so that a plugin's own ``except`` does not catch it."""


def allowed_seconds(usual: float) -> float | None:
    """Return the seconds that the user allows in ``IZ_PLUGIN_TIMEOUT``, else ``usual``; None is no limit."""
    text = os.environ.get(VARIABLE, "").strip()
    try:
        seconds = float(text) if text else usual
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < threading.TIMEOUT_MAX:
        raise ConfigError(f"{VARIABLE}: {text!r} is no number of seconds.", hint="0 means no limit.")
    return seconds or None


@contextlib.contextmanager
def time_limit(seconds: float | None, still_busy: Callable[[], None]) -> Iterator[None]:
    """Raise :class:`TimeLimitError` in the block when ``seconds`` are over.

    Where that cannot be, or does not help, ``still_busy`` is called, from another thread.
    """
    if seconds is None:
        yield
        return
    main = threading.main_thread()
    can_interrupt = threading.current_thread() is main and hasattr(signal, "pthread_kill")
    lock, over, expired = threading.Lock(), threading.Event(), threading.Event()

    def watch() -> None:
        if over.wait(seconds):
            return
        with lock:
            if over.is_set():
                return
            expired.set()
            if can_interrupt:
                assert main.ident is not None
                signal.pthread_kill(main.ident, signal.SIGALRM)
        if not (can_interrupt and over.wait(GRACE_SECONDS)):
            still_busy()

    def interrupt(number: int, frame: Any) -> None:
        if expired.is_set():
            expired.clear()
            raise TimeLimitError
        if callable(before):  # somebody else's alarm
            before(number, frame)

    before = signal.signal(signal.SIGALRM, interrupt) if can_interrupt else None
    threading.Thread(target=watch, name="izcore time limit", daemon=True).start()
    try:
        try:
            yield
        finally:
            with lock:
                over.set()
    finally:
        # The exception may have come within the block above.
        over.set()
        if can_interrupt:
            signal.signal(signal.SIGALRM, signal.SIG_DFL if before is None else before)
