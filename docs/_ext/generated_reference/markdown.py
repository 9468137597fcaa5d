"""Markdown: tables, options as tables, and text that shows as it is."""

import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from izcore.plugin.options import OptionDescription, describe_options
from izcore.plugin.record import Record


def options_table(options: type[msgspec.Struct], meanings: Mapping[str, str] | None = None) -> str:
    """Return a table of an option class; ``meanings`` helps where the code has no description."""
    rows = [
        (
            f"`{option.name}`",
            escape(option.type.replace("BackendChoice", "name")),
            _default(option),
            escape(option.description or (meanings or {}).get(option.name, "")),
        )
        for option in describe_options(options)
    ]
    return table(("option", "type", "default", "what"), rows) if rows else "No options.\n"


def _default(option: OptionDescription) -> str:
    return (
        option.default
        if option.default == "required"
        else f"`{option.default}`"
        if option.default
        else "empty"
    )


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; columns that are empty throughout are left out."""
    filled = list(rows)
    kept = [i for i in range(len(headings)) if any(row[i] for row in filled)]
    lines = [[headings[i] for i in kept], ["---"] * len(kept), *([row[i] for i in kept] for row in filled)]
    return "".join(f"| {' | '.join(cell.replace(chr(10), ' ') for cell in line)} |\n" for line in lines)


def escape(text: str) -> str:
    """Return text that Markdown shows as it is, also in a table."""
    return re.sub(r"([\\`*_{}\[\]<>#|$~])", r"\\\1", " ".join(text.split()))


def first_line(record: type[Record]) -> str:
    """Return the first line of a record's docstring, as plain text."""
    return (record.__doc__ or "").strip().splitlines()[0].replace("``", "")
