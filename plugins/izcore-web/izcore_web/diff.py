"""What is different between two texts, word by word, as HTML."""

import difflib
import re

from markupsafe import Markup

from izcore.plugin import plain

_PIECE = re.compile(r"\s+|\w+|[^\w\s]")


def word_diff(before: str, after: str) -> Markup:
    """Return ``after`` with what is new in ``<ins>``, and what ``before`` had in its place in ``<del>``."""
    old, new = _PIECE.findall(plain(before)), _PIECE.findall(plain(after))
    shown = Markup()
    for kind, a, b, c, d in difflib.SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if kind == "equal":
            shown += "".join(new[c:d])
            continue
        if b > a:
            shown += Markup("<del>{}</del>").format("".join(old[a:b]))
        if d > c:
            shown += Markup("<ins>{}</ins>").format("".join(new[c:d]))
    return shown
