"""Where an instruction ends in what a model writes."""

import re
from typing import Literal

from izcore.plugin import clean_or_nothing, sentence_ends

StopRule = Literal["sentence", "line", "end"]

LINE_BREAK = re.compile(r"\s*\n")


def instruction_end(text: str, rule: StopRule, prefill: str = "") -> int | None:
    """Return where the instruction in ``text`` ends by ``rule``; None while it goes on.

    A line or sentence that only leads in ("Sure, here is an instruction:") does not end it. Once there is
    an end, more text does not move it.
    """
    if rule == "end":
        return None
    ends = [match.start() for match in LINE_BREAK.finditer(text)]
    if rule == "sentence":
        ends = sorted({*ends, *sentence_ends(text)})
    return next((end for end in ends if _says_something(text[:end], prefill)), None)


def _says_something(text: str, prefill: str) -> bool:
    leads_on = not text.strip() or text.rstrip().endswith(":")
    return not leads_on and bool(clean_or_nothing(text, prefill))
