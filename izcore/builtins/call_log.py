"""A log of calls for programs to read: one JSON object per line."""

import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from izcore.plugin.errors import UsageError
from izcore.plugin.events import CallFinished
from izcore.plugin.hookspecs import hookimpl
from izcore.plugin.paths import user_path
from izcore.plugin.plain_text import plain_json
from izcore.plugin.private_files import make_private_file


class CallLog:
    """An observer that appends a line to a file for every call; a context manager.

    Prompt and answer are left out unless ``with_text``. ``clock`` gives seconds since 1970.
    """

    def __init__(self, path: Path, *, with_text: bool, clock: Callable[[], float] = time.time) -> None:
        self._with_text = with_text
        self._clock = clock
        try:
            path = user_path(path)
            make_private_file(path)
            self._file = path.open("a", encoding="utf-8", buffering=1)
        except OSError as error:
            raise UsageError(
                f"--log-file {path}: cannot be written: {error.strerror}.", hint="Choose another file."
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    @hookimpl
    def izcore_call_finished(self, event: CallFinished) -> None:
        """Write the line of one call."""
        completion = event.completion
        line: dict[str, Any] = {
            "time": round(self._clock(), 3),
            "run_id": event.run_id,
            "asker": event.asker,
            "model": event.model,
            "key": event.key[:16],
            "outcome": event.outcome,
            "finish": completion.finish if completion else None,
            "tokens": completion.usage if completion else None,
            "cost_usd": event.cost_usd,
            "tries": event.tries,
            "seconds": round(event.seconds, 4),
        }
        if event.error:
            line["error"] = event.error
        if self._with_text:
            line |= {
                "prompt": event.prompt.folded().text,
                "answer": completion.text if completion else None,
                "reasoning": completion.reasoning if completion else None,
            }
        self._file.write(plain_json(msgspec.json.encode(line).decode()) + "\n")
