"""What every public function does first: refuse options that it does not have, and stay off running loops."""

import asyncio
import contextlib
import functools
import inspect
import typing
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Generic, ParamSpec, TypeVar

from izcore.plugin.errors import InterruptedRunError, UsageError, nearest_names
from izcore.plugin.interrupts import InterruptRequests

P = ParamSpec("P")
T = TypeVar("T")

LOOK_SECONDS = 0.1
"""So often a wait looks up, since not every system lets Ctrl-C end it."""


def public(function: Callable[P, T]) -> Callable[P, T]:
    """Let a public function refuse options that it does not have, and work where an event loop runs.

    In a notebook a loop is running already; the function then does its work in a thread of its own, which an
    interrupt of the cell stops.
    """
    check = _option_check(function)

    @functools.wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> T:
        check(kwargs)
        if not _in_running_loop():
            return function(*args, **kwargs)
        thread = _OwnThread(functools.partial(function, *args, **kwargs))
        while not thread.result.done():
            try:
                wait([thread.result], timeout=LOOK_SECONDS)
            except KeyboardInterrupt:
                if not thread.requests.send() or thread.requests.count > 2:
                    raise
        return thread.result.result()

    return checked


async def in_own_thread(function: Callable[[], T]) -> T:
    """Return what a function returns that runs in a thread of its own.

    Who cancels this asks the function to stop, and has it raise CancelledError when it has stopped; once
    more, and it stops without waiting for answers that are paid for.
    """
    thread = _OwnThread(function)
    done = asyncio.wrap_future(thread.result)
    try:
        while not done.done():
            # A notebook cancels from a signal handler, which a loop only notices when it wakes up.
            await asyncio.wait({done}, timeout=LOOK_SECONDS)
        return done.result()
    except asyncio.CancelledError:
        thread.requests.send()
        while not done.done():
            try:
                await asyncio.wait({done}, timeout=LOOK_SECONDS)
            except asyncio.CancelledError:
                thread.requests.send()
        with contextlib.suppress(InterruptedRunError, KeyboardInterrupt, asyncio.CancelledError):
            done.result()
        raise


class _OwnThread(Generic[T]):
    """Calls a function in a thread of its own. ``requests`` ask it to stop."""

    def __init__(self, function: Callable[[], T]) -> None:
        self.requests = InterruptRequests()
        pool = ThreadPoolExecutor(1)
        self.result: Future[T] = pool.submit(self._call, function)
        pool.shutdown(wait=False)

    def _call(self, function: Callable[[], T]) -> T:
        with self.requests.reaching():
            return function()


def _option_check(function: Callable[..., object]) -> Callable[[dict[str, object]], None]:
    known = _option_names(function)

    def check(given: dict[str, object]) -> None:
        for name in given:
            if name not in known:
                raise UsageError(
                    f"izcore.{function.__name__} has no option {name!r}.", hint=nearest_names(name, known)
                )

    return check


def _option_names(function: Callable[..., object]) -> set[str]:
    """Return the names that a function takes by keyword, those of a ``TypedDict`` among them."""
    names: set[str] = set()
    hints = typing.get_type_hints(function)
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            (options,) = typing.get_args(hints[name])
            names |= options.__annotations__.keys()
        else:
            names.add(name)
    return names


def _in_running_loop() -> bool:
    # Nothing may be done within the handler: every later error would seem to come from this one.
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
