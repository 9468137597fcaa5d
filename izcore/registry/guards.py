"""Stands between the core and a plugin's backend: whatever goes wrong there names the plugin at fault."""

import functools
import inspect
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from izcore.plugin.errors import BackendError, IzError
from izcore.plugin.kinds import KINDS, Kind
from izcore.plugin.numbers import find_infinite
from izcore.plugin.record import Record
from izcore.registry.contributions import HOOKS
from izcore.registry.result_checks import misfit, with_whole_usage

T = TypeVar("T")


class Guarded:
    """A backend whose methods raise errors for people alone, and return what their protocol says.

    ``what`` names the backend and its distribution in messages.
    """

    def __init__(self, kind: Kind, backend: object, what: str) -> None:
        self._backend = backend
        self._what = what
        protocol = KINDS[kind].protocol
        assert protocol is not None, f"nothing is built of the kind {kind}"
        for name, method in inspect.getmembers(protocol, inspect.isfunction):
            if name.startswith("_"):
                continue
            if not callable(getattr(backend, name, None)):
                raise self._fault(
                    f"is a {type(backend).__name__} without the method {name}; "
                    f"a subclass of izcore.plugin.{protocol.__name__} has what is missing"
                )
            promised = get_type_hints(method)["return"]
            setattr(self, name, self._guard(name, getattr(backend, name), promised))
        for name in HOOKS:  # a tracker's, which pluggy then finds here
            if hasattr(getattr(backend, name, None), "izcore_impl"):
                setattr(self, name, self._guard(name, getattr(backend, name), type(None)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)

    def _guard(self, name: str, method: Callable[..., Any], promised: Any) -> Callable[..., Any]:
        results = tuple(dict.fromkeys(_classes_in(promised)))
        one_by_one = get_origin(promised) is Iterator

        @functools.wraps(method)
        def guarded(*arguments: Any) -> Any:
            try:
                result = method(*arguments)
            except IzError:
                raise
            except (Exception, SystemExit) as error:
                raise self._failed(name, error) from error
            if one_by_one:
                return self._one_by_one(name, arguments, result, results)
            if isinstance(result, Awaitable):
                return self._later(name, arguments, result, results)
            return self._checked(name, arguments, result, results)

        return guarded

    async def _later(
        self, name: str, arguments: tuple[Any, ...], result: Awaitable[Any], results: tuple[type, ...]
    ) -> Any:
        try:
            found = await result
        except IzError:
            raise
        except (Exception, SystemExit) as error:
            raise self._failed(name, error) from error
        return self._checked(name, arguments, found, results)

    def _one_by_one(
        self, name: str, arguments: tuple[Any, ...], found: Any, results: tuple[type, ...]
    ) -> Iterator[Any]:
        if not isinstance(found, Iterable):
            raise self._fault(f"returned {type(found).__name__} from {name}, not an iterator")
        try:
            for each in found:
                yield self._checked(name, arguments, each, results)
        except IzError:
            raise
        except (Exception, SystemExit) as error:
            raise self._failed(name, error) from error
        finally:
            if inspect.isgenerator(found):
                found.close()

    def _checked(self, name: str, arguments: tuple[Any, ...], result: Any, results: tuple[type, ...]) -> Any:
        if results != (type(None),) and not isinstance(result, results):
            wanted = " or ".join(each.__name__ for each in results)
            raise self._fault(f"returned {type(result).__name__} from {name}, not {wanted}")
        result = with_whole_usage(result)
        if isinstance(result, Record):
            try:
                msgspec.convert(msgspec.to_builtins(result), type(result))
            except (msgspec.ValidationError, TypeError) as error:
                raise self._fault(f"returned a wrong {type(result).__name__} from {name}: {error}") from None
        if arguments and (wrong := misfit(arguments[0], result)):
            raise self._fault(wrong)
        if found := find_infinite(msgspec.to_builtins(result) if isinstance(result, Record) else None):
            place, number = found
            raise self._fault(
                f"returned a wrong {type(result).__name__} from {name}: {place} is {number}, "
                "which is not a finite number"
            )
        return result

    def _failed(self, name: str, error: BaseException) -> BackendError:
        text = " ".join(str(error).split())
        return self._fault(f"failed in {name}: {type(error).__name__}: {text}".rstrip(": "))

    def _fault(self, what_happened: str) -> BackendError:
        return BackendError(
            f"{self._what} {what_happened}.",
            hint="This is a fault of the plugin; report it to its authors. Whatever was paid for is kept.",
        )


def _classes_in(hint: Any) -> Iterator[type]:
    """The classes that a protocol's method may return, once what is awaited or iterated over has come."""
    if parts := get_args(hint):
        for part in parts:
            yield from _classes_in(part)
    else:
        yield hint


async def resolved(result: T | Awaitable[T]) -> T:
    """Wait for a backend's result where its method is ``async def``."""
    return await result if isinstance(result, Awaitable) else result
