"""Ctrl-C and SIGTERM as one exception, raised at once and neither lost nor disguised."""

import _thread
import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any

AGAIN_SECONDS = 0.01


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM raise KeyboardInterrupt at once, also within a long computation.

    asyncio's own handling would wait for the computation to come back to the event loop. For the main
    thread alone.
    """
    retries: list[threading.Timer] = []

    def stop(signum: int, frame: Any) -> None:
        raise KeyboardInterrupt

    def unraisable(found: "sys.UnraisableHookArgs") -> None:
        # In a destructor or a callback of the collector an exception goes no further: raise it once more.
        if not issubclass(found.exc_type, KeyboardInterrupt):
            hook_before(found)
            return
        retries.append(threading.Timer(AGAIN_SECONDS, _interrupt_main_thread))
        retries[-1].start()

    hook_before = sys.unraisablehook
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    sys.unraisablehook = unraisable
    try:
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
