"""Texts as TOML writes them."""

import json


def toml_string(text: str) -> str:
    """Return a text as a string of TOML on one line.

    Halves of characters, which no file in UTF-8 can hold, become question marks.
    """
    whole = text.encode(errors="replace").decode()
    # What JSON escapes TOML takes, but it wants one more character escaped.
    return json.dumps(whole, ensure_ascii=False).replace("\x7f", "\\u007f")
