"""Instructions as texts: out of what a model wrote, and out of a file that a person wrote."""

import re
from pathlib import Path

from izcore.plugin.errors import DataError

BLANK_INSTRUCTION = "Complete the task."
"""What stands for a text that holds nothing at all; it says no more than no instruction would."""

SENTENCE_END = re.compile(r"[.!?]+[\"'”’)\]*]*(?=\s)|[。！？]")
ABBREVIATION = re.compile(r"(?:\b(?:e\.g|i\.e|etc|vs|cf|Mr|Mrs|Ms|Dr|No|Fig|St)|^\d+)\.$")
ENDS_SENTENCE = re.compile(r"[.!?。！？…][\"'”’)\]*]*$")

QUOTE_PAIRS = {'"': '"', "'": "'", "“": "”", "‘": "’", "«": "»", "`": "`", "*": "*", "_": "_"}

LEAD_INS = (
    re.compile(
        r"(?:the\s+|your\s+)?(?:instructions?|task|rule|goal)(?:\s+for\s+(?:the|this)\s+task)?"
        r"\s+(?:was|is|were|are)\b\s*"
        r"(?:as\s+follows\b|the\s+following\b)?\s*(?:to(?![\w-]))?\s*:?\s*",
        re.IGNORECASE,
    ),
    re.compile(
        r"[*_]*(?:the\s+)?(?:(?:final|new)\s+)?"
        r"(?:instructions?|prompt|task|answer|response|output|variation)[*_]*\s*:[*_]*\s*",
        re.IGNORECASE,
    ),
    re.compile(r"(?:sure|certainly|of\s+course|okay|ok)\b\s*[,.!:]+\s*", re.IGNORECASE),
    re.compile(
        r"(?:here\s+(?:is|are)|here['’]s|this\s+is)\s+(?:the|an?|my|one|some)\s+(?:\w+\s+){0,3}?"
        r"(?:instructions?|prompt|answer|response)\b[^:.\n]{0,60}:\s*",
        re.IGNORECASE,
    ),
    re.compile(r"to\s+(?=[a-z])"),
)
LIST_MARK = re.compile(r"(?:#{1,6}|[-•>]|\d{1,2}[.)])\s+")
MORE_EXAMPLES = re.compile(r"\n\s*(?:input|output|example|question|answer)s?\s*\d*\s*:", re.IGNORECASE)


def clean_instruction(raw: str, prefill: str = "") -> str:
    """Return the instruction in ``raw``, the text with which a model went on from ``prefill``.

    Takes away lead-ins ("The instruction was to", "Instruction:", "Sure, here is …:"), quotes around
    the whole, examples that the model goes on to make up, and a last sentence that is not finished
    unless it is the only one; tidies white space; begins with a capital and ends as a sentence.
    Cleaning a clean instruction changes nothing. Never returns an empty text: where nothing is left it
    is ``raw`` as it stands, and :data:`BLANK_INSTRUCTION` where that is blank too.
    """
    return clean_or_nothing(raw, prefill) or clean_or_nothing(raw) or _tidy(raw) or BLANK_INSTRUCTION


def clean_or_nothing(raw: str, prefill: str = "") -> str:
    """Like :func:`clean_instruction`, but empty where a text holds nothing but wrapping."""
    text = _tidy(f"{prefill}{raw}")
    previous = None
    while text != previous:
        previous = text
        text = _without_wrapping(text)
        if not any(character.isalnum() for character in text):
            return ""
        text = _as_sentence(_finished(text))
    return text


def sentence_ends(text: str) -> list[int]:
    """Return where sentences of ``text`` end; the last one only if white space follows it."""
    return [
        match.end() for match in SENTENCE_END.finditer(text) if not ABBREVIATION.search(text[: match.end()])
    ]


def read_instructions(path: Path) -> tuple[str, ...]:
    """Read the distinct instructions of a text file, in order, without blank and comment lines."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise DataError(
            f"{path}: no such file.", hint="Name a text file, one instruction per line."
        ) from None
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: not UTF-8 text (byte {error.start}).", hint="Save the file as UTF-8."
        ) from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}.") from None
    lines = (line.strip() for line in text.splitlines())
    instructions = tuple(dict.fromkeys(line for line in lines if line and not line.startswith("#")))
    if not instructions:
        raise DataError(f"{path}: holds no instruction.", hint="Write one instruction per line.")
    return instructions


def _tidy(text: str) -> str:
    lines = (" ".join(line.split()) for line in text.strip().splitlines())
    return "\n".join(line for line in lines if line)


def _without_wrapping(text: str) -> str:
    cut = MORE_EXAMPLES.search(text)
    if cut and cut.start() > 0:
        text = text[: cut.start()].rstrip()
    for lead_in in LEAD_INS:
        match = lead_in.match(text)
        if match:
            text = text[match.end() :].lstrip()
    mark = LIST_MARK.match(text)
    if mark and not any(LIST_MARK.match(line) for line in text.splitlines()[1:]):
        text = text[mark.end() :]
    closing = QUOTE_PAIRS.get(text[:1])
    if closing and len(text) > 1:
        inner = text[1:-1] if text.endswith(closing) else text[1:]
        if text[0] not in inner and closing not in inner:
            text = inner.strip()
    return text


def _finished(text: str) -> str:
    if ENDS_SENTENCE.search(text):
        return text
    ends = sentence_ends(text)
    return text[: ends[-1]] if ends else text


def _as_sentence(text: str) -> str:
    capital = text[0].upper()
    if len(capital) == 1:
        text = capital + text[1:]
    if ENDS_SENTENCE.search(text):
        return text
    return text.rstrip(" ,;:-–—") + "."
