"""Tells a Python function from others by its name and its code, as far as that can be seen from outside."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import CodeType, FunctionType, MethodType
from typing import Any

DIGITS = 16
DEEPEST = 5
"""Functions within functions, and values within values, are followed so far."""


def function_name(function: Callable[..., Any]) -> str:
    """Return what people know a function by: its module and name, or those of its class."""
    while isinstance(function, partial):
        function = function.func
    named = function if hasattr(function, "__qualname__") else type(function)
    return f"{named.__module__}.{named.__qualname__}"


def function_digest(function: Callable[..., Any]) -> str:
    """Return a digest of a function's code, and of the plain values that it holds on to.

    These are defaults, arguments bound to it, variables of the function around it, and attributes of the
    object that it belongs to, as far as they are such as do not change by themselves: texts, numbers, and
    tuples. What it calls elsewhere, or reads from a file, is not in it.
    """
    parts = "\0".join(_parts(function, 0))
    return hashlib.sha256(parts.encode("utf-8", "backslashreplace")).hexdigest()[:DIGITS]


def _parts(value: Any, depth: int) -> Iterator[str]:
    yield type(value).__qualname__
    within: list[Any] = []
    if value is None or isinstance(value, str | bytes | int | float):
        yield repr(value)
    elif isinstance(value, tuple):
        within = list(value)
    elif isinstance(value, partial):
        within = [value.func, value.args, tuple(value.keywords.items())]
    elif isinstance(value, MethodType):
        within = [value.__func__, value.__self__]
    elif isinstance(value, FunctionType):
        yield from _code(value.__code__)
        within = [value.__defaults__, tuple((value.__kwdefaults__ or {}).items()), *_around(value)]
    elif isinstance(call := vars(type(value)).get("__call__"), FunctionType):
        within = [call, *_attributes(value)]
    elif depth == 1:
        within = _attributes(value)
    for each in within if depth < DEEPEST else ():
        yield from _parts(each, depth + 1)


def _code(code: CodeType) -> Iterator[str]:
    """Yield what a function does; where it stands in its file is no part of that."""
    yield from (code.co_code.hex(), repr(code.co_names))
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _code(constant)
        else:
            yield repr(sorted(map(repr, constant)) if isinstance(constant, frozenset) else constant)


def _around(function: FunctionType) -> Iterator[Any]:
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # nothing was put into it yet
            yield None


def _attributes(value: object) -> list[Any]:
    """Return an object's attributes but for whole numbers, with which objects count what they did."""
    held: Mapping[str, Any] = getattr(value, "__dict__", {})
    return [pair for pair in held.items() if type(pair[1]) is not int]
