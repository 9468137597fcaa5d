"""What every public function does first: refuse options that it does not have, and stay off running loops."""

import asyncio
import functools
import inspect
import typing
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from izcore.plugin.errors import UsageError, nearest_names

P = ParamSpec("P")
T = TypeVar("T")


def public(function: Callable[P, T]) -> Callable[P, T]:
    """Let a public function refuse options that it does not have, and work where an event loop runs.

    In a notebook a loop is running already; the function then does its work in a thread of its own.
    """
    known = _option_names(function)

    @functools.wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> T:
        for name in kwargs:
            if name not in known:
                raise UsageError(
                    f"izcore.{function.__name__} has no option {name!r}.", hint=nearest_names(name, known)
                )
        if not _in_running_loop():
            return function(*args, **kwargs)
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(function, *args, **kwargs).result()

    return checked


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
