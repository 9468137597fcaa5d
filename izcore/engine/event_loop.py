"""Runs coroutines in an event loop of their own, which Ctrl-C ends, whichever thread they are on."""

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from izcore.plugin.interrupts import current_requests, interruptible, on_interrupt

T = TypeVar("T")


def run_in_event_loop(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Return what a coroutine returns. An interrupt that nobody in it sees to ends it.

    Raises KeyboardInterrupt on the main thread, and CancelledError on another, in which nothing can be
    raised from outside: it ends when its computation comes back to the event loop.
    """
    with contextlib.ExitStack() as stack:
        requests = current_requests()
        if requests is None and _is_interrupted_as_usual():
            stack.enter_context(interruptible(signal.SIGINT))
        elif requests and requests.count:
            raise KeyboardInterrupt
        return asyncio.run(_until_interrupted(work))


def _is_interrupted_as_usual() -> bool:
    return (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    )


async def _until_interrupted(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    loop, task, thread = asyncio.get_running_loop(), asyncio.current_task(), threading.current_thread()
    assert task is not None
    loop.set_exception_handler(_quiet_about_interrupts)

    def cancel(times: int) -> bool:
        if threading.current_thread() is thread:
            return False
        loop.call_soon_threadsafe(task.cancel)
        return True

    with on_interrupt(cancel):
        return await work()


def _quiet_about_interrupts(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Ctrl-C may hit any of the calls under way; that one of them saw it is nothing to report."""
    if not isinstance(context.get("exception"), KeyboardInterrupt):
        loop.default_exception_handler(context)
