"""Ctrl-C and SIGTERM as one request to stop, seen to by who listens, and else raised at once."""

import _thread
import contextlib
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

AGAIN_SECONDS = 0.01
ONE_REQUEST_SECONDS = 0.3
"""Signals closer than this are one request: a terminal and a parent process may both send one."""

Listener = Callable[[int], bool]
"""Is told how often it was asked to stop; says whether it sees to it that the work ends."""


class InterruptRequests:
    """Requests to stop a piece of work, from Ctrl-C or from who started it on a thread."""

    def __init__(self) -> None:
        self.count = 0
        self._listeners: list[Listener] = []

    def send(self) -> bool:
        """Ask to stop. Returns whether a listener sees to it; else the work has to be interrupted."""
        self.count += 1
        return any(listener(self.count) for listener in reversed(tuple(self._listeners)))

    @contextlib.contextmanager
    def reaching(self) -> Iterator[None]:
        """Let the requests reach those who listen within the block, on whichever thread it runs."""
        before = _requests.set(self)
        try:
            yield
        finally:
            _requests.reset(before)

    @contextlib.contextmanager
    def heard_by(self, listener: Listener) -> Iterator[None]:
        """Tell a listener of requests, before those who have listened for longer."""
        self._listeners.append(listener)
        try:
            yield
        finally:
            self._listeners.remove(listener)


_requests: ContextVar[InterruptRequests | None] = ContextVar("interrupt_requests", default=None)


def current_requests() -> InterruptRequests | None:
    """Return the requests that reach the code which calls this; None where nobody would send any."""
    return _requests.get()


@contextlib.contextmanager
def on_interrupt(listener: Listener) -> Iterator[None]:
    """Let a listener see to it that the work in the block ends when Ctrl-C is pressed.

    The listener is told how often it was asked, and returns whether it sees to it; where none does, Ctrl-C
    raises KeyboardInterrupt. It may be called from a signal handler and from another thread, so it only
    sets off what happens elsewhere.
    """
    requests = current_requests()
    with requests.heard_by(listener) if requests else contextlib.nullcontext():
        yield


@contextlib.contextmanager
def interruptible(*signals: signal.Signals) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM, or other ``signals``, ask those who listen to stop, as by :func:`on_interrupt`.

    Where nobody listens they raise KeyboardInterrupt at once, also within a long computation; asyncio's own
    handling would wait for the computation to come back to the event loop. For the main thread alone.
    """
    retries: list[threading.Timer] = []
    requests = InterruptRequests()
    last_seen_to = -ONE_REQUEST_SECONDS

    def stop(signum: int, frame: Any) -> None:
        nonlocal last_seen_to
        if time.monotonic() - last_seen_to < ONE_REQUEST_SECONDS:
            return
        if not requests.send():
            raise KeyboardInterrupt
        last_seen_to = time.monotonic()

    def unraisable(found: "sys.UnraisableHookArgs") -> None:
        # In a destructor or a callback of the collector an exception goes no further: raise it once more.
        if not issubclass(found.exc_type, KeyboardInterrupt):
            hook_before(found)
            return
        retries.append(threading.Timer(AGAIN_SECONDS, _interrupt_main_thread))
        retries[-1].start()

    hook_before = sys.unraisablehook
    numbers = signals or (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, stop) for number in numbers}
    sys.unraisablehook = unraisable
    try:
        with requests.reaching():
            yield
    finally:
        sys.unraisablehook = hook_before
        for retry in retries:
            retry.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt_main_thread() -> None:
    main = threading.main_thread().ident
    if hasattr(signal, "pthread_kill") and main is not None:
        signal.pthread_kill(main, signal.SIGINT)
    else:  # Windows; a sleep there goes on to its end
        _thread.interrupt_main()


@contextlib.contextmanager
def undisguised_interrupts() -> Iterator[None]:
    """Let an interrupt leave the block as KeyboardInterrupt, whatever the interrupted code made of it.

    An import that is interrupted may fail with ImportError, a plugin's part with an error of its own.
    """
    try:
        yield
    except Exception as error:
        if _caused_by_interrupt(error):
            raise KeyboardInterrupt from None
        raise


def _caused_by_interrupt(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return error is not None
