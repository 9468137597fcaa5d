"""The end of a page: split, settings, versions and seed, as flat lines."""

from collections.abc import Iterator, Mapping
from typing import Any

from izcore import Run
from izcore.plugin import Record


class Settings(Record):
    """``split`` says how many examples went where; ``settings`` are keys with their values."""

    split: tuple[tuple[str, int], ...]
    settings: tuple[tuple[str, str], ...]
    versions: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


def settings_of(run: Run) -> Settings:
    """Return how a run was set up."""
    splits = run.splits
    sizes = (
        (
            ("demonstrations", len(splits.demonstrations)),
            ("validation", len(splits.validation)),
            ("fresh, for finalists", len(splits.retest)),
            ("test, sealed", len(splits.test)),
        )
        if splits
        else ()
    )
    return Settings(
        split=tuple((name, size) for name, size in sizes if size),
        settings=tuple(_flat(run.config)),
        versions=tuple(sorted(run.versions.items())),
        notes=run.notes,
    )


def _flat(settings: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Yield settings by dotted keys; what is empty or unset is left out."""
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{key}.")
        elif value not in (None, "", (), []):
            yield f"{before}{key}", _shown(value)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return "; ".join(_shown(each) for each in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key} = {_shown(each)}" for key, each in value.items())
    return f"{value:g}" if isinstance(value, float) else str(value)
