"""What libraries log: shown as text, without keys."""

import logging
from typing import Any

from izcore.cli.shared import keyless
from izcore.plugin.plain_text import plain


class PlainFormatter(logging.Formatter):
    """Writes out what a terminal would obey, and of an exception what it says, not where it came from."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of a record."""
        return keyless(plain(super().format(record)))

    def formatException(self, ei: Any) -> str:  # noqa: N802 - its name in logging
        """Return an exception in one line."""
        return f"{ei[0].__name__}: {ei[1]}"


def show_log_as_text() -> None:
    """Let records that nobody else handles, warnings and worse, be printed as text."""
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(PlainFormatter())
