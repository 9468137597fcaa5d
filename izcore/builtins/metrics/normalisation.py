"""Making answers and targets comparable: what of a text counts when a metric compares."""

import re
import string
import unicodedata
from collections.abc import Sequence
from typing import Literal

Normalisation = Literal["standard", "paper", "none"]

_FINAL_PUNCTUATION = ".,;:!?…。！？、，；："
_WRAPPINGS = ('""', "''", "``", "**", "“”", "‘’", "„“", "«»", "»«", "「」")
_AROUND_WORDS = _FINAL_PUNCTUATION + "".join(_WRAPPINGS) + "()[]{}"
_LIST_SEPARATORS = re.compile(r"[\s,;]+")
_WITHOUT_ASCII_PUNCTUATION = str.maketrans({"-": " "} | dict.fromkeys(set(string.punctuation) - {"-"}))


def normalise(text: str, how: Normalisation, case_sensitive: bool = False) -> str:
    """Return what of ``text`` counts.

    ``standard``: Unicode in composed form, white space squeezed, final punctuation and quotes (or
    asterisks) around the whole text dropped; a text of nothing else stays. ``paper``: see
    :func:`normalise_as_published`. ``none``: every character counts. Case counts only on request.
    """
    if how == "paper":
        return normalise_as_published(text, lower=not case_sensitive)
    folded = text if case_sensitive else fold_case(text)
    if how == "none":
        return folded
    squeezed = squeeze(folded)
    return _strip_decoration(squeezed) or squeezed


def tokens(text: str, how: Normalisation, case_sensitive: bool = False) -> tuple[str, ...]:
    """Return the words of a text.

    ``standard`` splits at commas and semicolons too and drops quotes, brackets and punctuation around each
    word, unless nothing else is there.
    """
    if how != "standard":
        return tuple(normalise(text, how, case_sensitive).split())
    parts = _LIST_SEPARATORS.split(squeeze(text if case_sensitive else fold_case(text)))
    return tuple(filter(None, (part.strip(_AROUND_WORDS) for part in parts))) or tuple(filter(None, parts))


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
    """Return the text in composed form with single spaces between its words."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def whole_phrase(phrase: str) -> re.Pattern[str]:
    """Return a pattern that finds ``phrase`` where it does not begin or end inside a word."""
    before = r"(?<!\w)" if re.match(r"\w", phrase) else ""
    after = r"(?!\w)" if re.search(r"\w\Z", phrase) else ""
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


def _strip_decoration(text: str) -> str:
    stripped = text
    while True:
        shorter = stripped.rstrip(_FINAL_PUNCTUATION).rstrip()
        if len(shorter) >= 2 and shorter[0] + shorter[-1] in _WRAPPINGS:
            shorter = shorter[1:-1].strip()
        if shorter == stripped:
            return stripped
        stripped = shorter
