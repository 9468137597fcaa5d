"""What libraries log: shown as text, without keys."""

import logging

from izcore.cli.shared import keyless
from izcore.plugin.plain_text import plain


class PlainFormatter(logging.Formatter):
    """Writes out what a terminal would obey."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of a record."""
        return keyless(plain(super().format(record)))


def show_log_as_text() -> None:
    """Let records that nobody else handles, warnings and worse, be printed as text."""
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(PlainFormatter())
