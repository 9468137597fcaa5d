r"""Text of others (models, files, paths, servers) as nothing but text, wherever people or programs read it.

A terminal obeys escape sequences, a spreadsheet obeys formulas, and both take them from whoever wrote the
text. What would be obeyed is written out instead: the character that begins an escape sequence as ``\x1b``.

>>> print(plain("\x1b[31mred"))
\x1b[31mred
>>> plain_cell("=1+1")
"'=1+1"
"""

import re

_OBEYED = (
    r"\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters but for tab and line feed
    r"\u2028\u2029"  # ends of lines that only some programs take for such
    r"\u202a-\u202e\u2066-\u2069"  # these make text appear in another order than it has
    r"\ud800-\udfff"  # halves of characters, which cannot be written as UTF-8
)
_IN_TEXT = re.compile(f"[{_OBEYED}]")
_IN_LINE = re.compile(rf"[\t\n{_OBEYED}]")
_IN_JSON = re.compile(r"[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")
_NAMES = {"\n": r"\n", "\t": r"\t", "\r": r"\r"}


def plain(text: str) -> str:
    r"""Return text that no terminal obeys: control and ordering characters written out, such as ``\x1b``.

    Tabs and line feeds stay; a carriage return before a line feed goes.
    """
    return _IN_TEXT.sub(_written_out, text.replace("\r\n", "\n"))


def plain_line(text: str) -> str:
    r"""Return text as :func:`plain` does, in one line: line feeds and tabs are written out, too."""
    return _IN_LINE.sub(_written_out, text.replace("\r\n", "\n"))


def plain_json(text: str) -> str:
    """Return JSON that means the same and that no terminal obeys."""
    return _IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def plain_cell(text: str) -> str:
    """Return text for a cell of a table that a spreadsheet opens: it shows as text, and is no formula.

    It is written as by :func:`plain`. Before what a spreadsheet may take for the beginning of a formula
    stands an apostrophe.
    """
    shown = plain(text)
    return f"'{shown}" if _FORMULA.match(text) else shown


def _written_out(found: re.Match[str]) -> str:
    character = found[0]
    number = ord(character)
    return _NAMES.get(character) or (f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}")
