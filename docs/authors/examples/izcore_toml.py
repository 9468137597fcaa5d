"""A task format: TOML files with a list of examples."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from izcore.plugin import (
    BackendContext,
    DataError,
    Example,
    LoadRequest,
    Meta,
    Options,
    Task,
    TaskData,
    TaskRegistration,
    hookimpl,
)

IZCORE_API = 1


class TomlOptions(Options):
    """What a user can set."""

    path: Annotated[str, Meta(min_length=1, description="The file")]


class TomlFile(Task):
    """Reads ``[[examples]]`` with ``input`` and ``output``, a text or a list; ``metric`` may stand above."""

    def __init__(self, options: TomlOptions, context: BackendContext) -> None:
        self._path = Path(options.path)

    def load(self, request: LoadRequest) -> TaskData:
        """Load all examples, or say everything that is wrong at once."""
        try:
            content = tomllib.loads(self._path.read_text(encoding="utf-8"))
        except OSError as error:
            raise DataError(f"{self._path}: {error.strerror}.") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise DataError(f"{self._path}: {error}.") from None
        entries = content.get("examples", [])
        problems = tuple(faults(entries))
        if problems or not entries:
            raise DataError(
                f"{self._path}: {len(problems)} examples cannot be used." if entries else "No examples.",
                hint='Write [[examples]], input = "…", output = "…".',
                problems=problems,
            )
        return TaskData(
            name=self._path.stem,
            metric=str(content.get("metric", "exact_match")),
            examples=tuple(Example(input=e["input"], targets=targets_of(e)) for e in entries),
        )


def faults(entries: list[Any]) -> Iterator[str]:
    """Name what is wrong with each entry, for ``iz tasks check``."""
    for number, entry in enumerate(entries, start=1):
        if not isinstance(entry, dict) or not isinstance(entry.get("input"), str):
            yield f"example {number}: input is missing or no text"
        elif not all(isinstance(text, str) and text.strip() for text in targets_of(entry)):
            yield f"example {number}: output is missing, empty or no text"


def targets_of(entry: dict[str, Any]) -> tuple[Any, ...]:
    """Return the wanted outputs, of which there may be several."""
    output = entry.get("output", "")
    return tuple(output) or ("",) if isinstance(output, list) else (output,)


@hookimpl
def izcore_tasks() -> list[TaskRegistration]:
    """Register the format; files whose names end in .toml are read by it."""
    return [
        TaskRegistration(
            name="toml",
            summary="A TOML file with a list of examples",
            factory="izcore_toml:TomlFile",
            options=TomlOptions,
            argument="path",
            paths=(".toml",),
        )
    ]
