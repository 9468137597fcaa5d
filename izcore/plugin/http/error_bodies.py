"""Reads the body of an error, however deeply a gateway wrapped what its provider said."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from izcore.plugin.http.answers import HttpAnswer
from izcore.plugin.http.failures import ErrorReply

DEEPEST = 8
"""Gateways wrap gateways, but not more often than this."""
_CODES = ("code", "type", "error_code", "status", "reason")
_WORDS = ("message", "detail", "error", "msg", "raw", "error_message")


def read_error(
    body: Any,
    *,
    status: int,
    headers: Mapping[str, str] | None = None,
    may_be_billed: bool = False,
) -> ErrorReply:
    """Return the error that a body means: JSON data, or a text; of a page of HTML no word is repeated.

    Codes are looked for at every depth, in texts that hold JSON, too. ``status`` is the response's.
    """
    headers = headers or {}
    if isinstance(body, str):
        page = "html" in headers.get("content-type", "") or body.lstrip()[:1] == "<"
        body = {} if page else {"message": body}
    levels = list(_levels(body, DEEPEST))
    codes = {str(level[key]) for level in levels for key in _CODES if isinstance(level.get(key), str | int)}
    # Where a message is the provider's whole reply as JSON, its own message stands on a level of its own.
    said = [level[key] for level in levels for key in _WORDS if isinstance(level.get(key), str)]
    fields = [level["param"] for level in levels if isinstance(level.get("param"), str)]
    words: list[str] = []
    for text in (" ".join(text.split()) for text in said):
        if text and not any(text in known for known in words):
            words.append(text)
    return ErrorReply(
        status=status,
        headers=headers,
        codes=frozenset(code for code in codes if code),
        words=" ".join(words),
        field=fields[0] if fields else "",
        may_be_billed=may_be_billed,
    )


def find_error(answer: HttpAnswer, *, may_be_billed: bool = False) -> ErrorReply | None:
    """Return the error that a body with status 200 and without an answer tells in some form of its own.

    None where it says nothing in words.
    """
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
    reply = read_error(body, status=200, may_be_billed=may_be_billed) if isinstance(body, dict) else None
    return reply if reply and reply.words else None


def _levels(data: Any, deepest: int) -> Iterator[Mapping[str, Any]]:
    """Yield every object in JSON data, the outer ones first."""
    if deepest == 0:
        return
    if isinstance(data, dict):
        yield data
        for value in data.values():
            yield from _levels(value, deepest - 1)
    elif isinstance(data, list):
        for value in data:
            yield from _levels(value, deepest - 1)
    elif isinstance(data, str) and "{" in data:
        try:
            inner = json.loads(data[data.index("{") : data.rindex("}") + 1])
        except (ValueError, RecursionError):
            return
        yield from _levels(inner, deepest - 1)
