"""Making answers and targets comparable: what of a text counts when a metric compares."""

import re
import string
import unicodedata
from collections.abc import Sequence
from typing import Literal

Normalisation = Literal["standard", "paper", "none"]

_FINAL_PUNCTUATION = ".,;:!?…。！？、，；："
_WRAPPINGS = ('""', "''", "``", "**", "「」", "『』")
_AROUND_WORDS = _FINAL_PUNCTUATION + "".join(_WRAPPINGS) + "()[]{}"
_LIST_SEPARATORS = re.compile(r"[\s,;、，；]+")
_BOXED = re.compile(r"\$*\s*\\boxed\s*\{(?:\\text\s*\{(?P<text>[^{}]*)\}|(?P<plain>[^{}]*))\}\s*\$*")
"""What mathematical models put around a final answer."""

_TYPOGRAPHY = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛ʼ′", "'"),
        **dict.fromkeys("“”„‟«»″", '"'),
        **dict.fromkeys("‐‑‒–—―−", "-"),
    }
)
"""Quotes, apostrophes, hyphens, dashes and the minus sign, which keyboards have in one form each."""

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff]"
)
"""Soft hyphens, zero-width characters, marks of direction, variation selectors, the byte-order mark."""

_UNSPACED = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f"  # Myanmar
    "\u1780-\u17ff"  # Khmer
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"  # Japanese syllables
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Chinese characters
)
"""Scripts that put no spaces between words: nothing in a text says where a word ends."""

_HANGUL = "\uac00-\ud7a3"
"""Korean puts spaces between words and joins particles to their ends."""

_IN_WORD_BEFORE = re.compile(rf"[^\W{_UNSPACED}]")
_IN_WORD_AFTER = re.compile(rf"[^\W{_UNSPACED}{_HANGUL}]")
_UNSPACED_CHARACTER = re.compile(rf"([{_UNSPACED}][\u0300-\u036f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]*)")
_WHOLE_NUMBER = re.compile(r"^([-+]?(?:0|[1-9]\d*))\.0+$")
"""Spreadsheets and JSON write 3 as 3.0; other fractions may be versions or prices, and stay."""

_WITHOUT_ASCII_PUNCTUATION = str.maketrans({"-": " "} | dict.fromkeys(set(string.punctuation) - {"-"}))


def normalise(text: str, how: Normalisation, case_sensitive: bool = False) -> str:
    """Return what of ``text`` counts.

    ``standard``: Unicode in composed form, quotes and dashes as a keyboard has them, no invisible characters,
    wide letters and digits as narrow ones, white space squeezed; final punctuation, and quotes, asterisks or
    ``\\boxed{}`` around the whole text, dropped; a whole number without the zeros after its point. A text of
    nothing else stays. ``paper``: see :func:`normalise_as_published`. ``none``: every character counts. Case
    counts only on request.
    """
    if how == "paper":
        return normalise_as_published(text, lower=not case_sensitive)
    folded = text if case_sensitive else fold_case(text)
    if how == "none":
        return folded
    squeezed = squeeze(folded)
    stripped = _strip_decoration(squeezed) or squeezed
    return _WHOLE_NUMBER.sub(r"\1", stripped)


def tokens(text: str, how: Normalisation, case_sensitive: bool = False) -> tuple[str, ...]:
    """Return the words of a text.

    ``standard`` splits at commas and semicolons too and drops quotes, brackets and punctuation around each
    word, unless nothing else is there. Scripts without spaces stay as they are: see :func:`characters`.
    """
    if how != "standard":
        return tuple(normalise(text, how, case_sensitive).split())
    parts = _LIST_SEPARATORS.split(squeeze(text if case_sensitive else fold_case(text)))
    return tuple(filter(None, (part.strip(_AROUND_WORDS) for part in parts))) or tuple(filter(None, parts))


def characters(words: Sequence[str]) -> tuple[str, ...]:
    """Return the words, of those in a script without spaces each character instead.

    This is how measures for reading comprehension count the words of Chinese, Japanese and Thai (Lewis et
    al. 2020, MLQA): nothing in the text says where a word ends.
    """
    return tuple(part for word in words for part in _UNSPACED_CHARACTER.split(word) if part)


def normalise_as_published(text: str, *, lower: bool = True) -> str:
    """Normalise as instruction-induction, APE and InstructZero do when they measure execution accuracy.

    In this order: " and " becomes a space, as do the labels "Sentence 1:" and "Sentence 2:"; white space
    around the text goes; only the first line stays, and of it only what stands before the first full
    stop; lower case; hyphens become spaces; all other ASCII punctuation goes. White space inside is left
    as it is. So "3.14" counts as "3", which is why this is not the standard.
    """
    for filler in (" and ", "Sentence 1:", "Sentence 2:"):
        text = text.replace(filler, " ")
    text = text.strip().partition("\n")[0].partition(".")[0]
    return (text.lower() if lower else text).translate(_WITHOUT_ASCII_PUNCTUATION)


def fold_case(text: str) -> str:
    """Return the text without differences of case."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def squeeze(text: str) -> str:
    """Return the text as a keyboard writes it, with single spaces between its words.

    That is Unicode in composed form, without invisible characters, with typographic quotes and dashes in
    their plain form, and with wide or narrow letters and digits (as East Asian keyboards have them) in the
    usual one.
    """
    visible = _INVISIBLE.sub("", unicodedata.normalize("NFC", text)).translate(_TYPOGRAPHY)
    usual = "".join(map(_usual_width, visible)) if not visible.isascii() else visible
    return " ".join(unicodedata.normalize("NFC", usual).split())


def whole_phrase(phrase: str) -> re.Pattern[str]:
    """Return a pattern that finds ``phrase`` where it does not begin or end inside a word.

    In a script without spaces any place may be the end of a word; in Korean a particle may follow.
    """
    before = rf"(?<!{_IN_WORD_BEFORE.pattern})" if _IN_WORD_BEFORE.match(phrase) else ""
    after = rf"(?!{_IN_WORD_AFTER.pattern})" if phrase and _IN_WORD_AFTER.match(phrase[-1]) else ""
    return re.compile(before + re.escape(phrase) + after)


def longest_spans(spans: Sequence[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Return (start, end, name) spans that lie in no longer one, in order of their start."""
    kept: list[tuple[int, int, str]] = []
    furthest = -1
    for span in sorted(spans, key=lambda span: (span[0], -span[1])):
        if span[1] > furthest or (kept and span[:2] == kept[-1][:2]):
            kept.append(span)
            furthest = span[1]
    return kept


def _usual_width(character: str) -> str:
    width = unicodedata.decomposition(character).partition(" ")[0]
    return unicodedata.normalize("NFKC", character) if width in ("<wide>", "<narrow>") else character


def _strip_decoration(text: str) -> str:
    stripped = text
    while True:
        shorter = stripped.rstrip(_FINAL_PUNCTUATION).rstrip()
        if boxed := _BOXED.fullmatch(shorter):
            shorter = (boxed["text"] or boxed["plain"] or "").strip()
        if len(shorter) >= 2 and shorter[0] + shorter[-1] in _WRAPPINGS:
            shorter = shorter[1:-1].strip()
        if shorter == stripped:
            return stripped
        stripped = shorter
