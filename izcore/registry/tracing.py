"""Shows every call of a plugin's hook, on demand: who, what, with what, how much came back, how long."""

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import pluggy

from izcore.plugin.plain_text import plain_line
from izcore.plugin.record import Record
from izcore.registry.redaction import without_keys

SHOWN_CHARACTERS = 40


class Tracer:
    """Calls hooks, and writes a line about each call through ``write``, if there is one.

    No prompt, answer or instruction appears in a line, and no key.
    """

    def __init__(
        self,
        write: Callable[[str], object] | None = None,
        stopwatch: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._write = write
        self._stopwatch = stopwatch

    @classmethod
    def on_standard_error(cls) -> Self:
        """Return a tracer that writes to standard error."""
        # One write a line: observers on threads of their own write between those of others.
        return cls(lambda line: sys.stderr.write(f"{plain_line(line)}\n"))

    @property
    def writes(self) -> bool:
        """Whether anything is written at all."""
        return self._write is not None

    def say(self, plugin: str, what: str) -> None:
        """Write a line that is no call, such as that an import begins."""
        if self._write is not None:
            self._write(without_keys(f"trace: {plugin}: {what}", os.environ))

    def call(self, plugin: str, hook: "pluggy.HookImpl", arguments: Mapping[str, Any]) -> Any:
        """Call one plugin's implementation of a hook with those arguments that it takes."""
        given = [arguments[name] for name in hook.argnames]
        name = hook.function.__name__
        return self.timed(plugin, f"{name}({_shown(given)})", lambda: hook.function(*given))

    def timed(self, plugin: str, what: str, work: Callable[[], Any]) -> Any:
        """Do the work and write how it ended; a generator is run to its end as a part of it."""
        if self._write is None:
            return _to_its_end(work())
        started = self._stopwatch()
        try:
            result = _to_its_end(work())
        except BaseException as error:
            self._ended(plugin, what, f"{type(error).__name__}: {' '.join(str(error).split())}", started)
            raise
        self._ended(plugin, what, _counted(result), started)
        return result

    def _ended(self, plugin: str, what: str, how: str, started: float) -> None:
        self.say(plugin, f"{what} -> {how}, {(self._stopwatch() - started) * 1e3:.1f} ms")


def _to_its_end(result: Any) -> Any:
    # A list, so that what a generator raises on its way is raised here.
    return list(result) if hasattr(result, "__next__") else result


def _counted(result: Any) -> str:
    if result is None:
        return "nothing"
    if isinstance(result, Sequence) and not isinstance(result, str):
        return "1 record" if len(result) == 1 else f"{len(result)} records"
    return type(result).__name__


def _shown(arguments: Sequence[Any]) -> str:
    return ", ".join(_event(each) if isinstance(each, Record) else type(each).__name__ for each in arguments)


def _event(event: Record) -> str:
    """The kind of event with its plain numbers and the run; everything else may hold somebody's text."""
    shown = []
    for name in event.__struct_fields__:
        value = getattr(event, name)
        if name in ("run_id", "phase", "outcome") or isinstance(value, bool | int | float):
            shown.append(f"{name}={value if not isinstance(value, str) else value[:SHOWN_CHARACTERS]}")
    return f"{type(event).__name__} {' '.join(shown)}".strip()
