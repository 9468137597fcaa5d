"""Finds the instruction in what a writing model answers."""

import re
from collections.abc import Iterable, Iterator

from izcore.plugin import clean_or_nothing, sentence_ends

PARAGRAPH = re.compile(r"\n\s*\n")


def read_instruction(
    answer: str,
    *,
    asked: str = "",
    tag: str = "",
    only_tagged: bool = False,
    prefill: str = "",
    max_words: int,
) -> str:
    """Return the instruction in ``answer`` to ``asked``, at most ``max_words`` long; empty if there is none.

    With a ``tag`` it is what stands between ``<tag>`` and ``</tag>``, the last time if more than once, and
    else the last line, since such questions are answered step by step; with ``only_tagged`` no line counts
    that is not between tags. Without a tag it is the first paragraph that says something. What only repeats a
    line of the question does not count. ``prefill`` is how the model was made to begin. Quotes, lead-ins and
    the like go
    (:func:`~izcore.plugin.instructions.clean_instruction`).
    """
    if not tag:
        passages: Iterable[str] = PARAGRAPH.split(answer)
    else:
        if prefill == f"<{tag}>" and not re.search(rf"<{tag}>.*</{tag}>", answer, re.DOTALL | re.IGNORECASE):
            answer = prefill + answer
        lines = [] if only_tagged else reversed(_untagged(answer, tag).splitlines())
        passages = [*reversed(list(_tagged(answer, tag))), *lines]
    said_before = [*_untagged(asked, tag).splitlines(), *_tagged(asked, tag)]
    echoes = {clean_or_nothing(passage) for passage in said_before}
    cleaned = (clean_or_nothing(passage) for passage in passages)
    found = next((text for text in cleaned if text and text not in echoes), "")
    return shortened_to_sentences(found, max_words)


def _tagged(text: str, tag: str) -> Iterator[str]:
    """Yield what stands between tags; of what is opened and not closed, the first paragraph."""
    if tag:
        # A question that says "bracketed with <tag> and </tag>" brackets nothing, nor does its echo.
        text = re.sub(rf"<{tag}> and </{tag}>", "", text, flags=re.IGNORECASE)
        for match in re.finditer(rf"<{tag}>(.*?)(</{tag}>|<{tag}>|\Z)", text, re.DOTALL | re.IGNORECASE):
            closed = match[2].startswith("</")
            yield match[1] if closed else PARAGRAPH.split(match[1].strip())[0]


def _untagged(text: str, tag: str) -> str:
    return re.sub(rf"</?{tag}>", "", text, flags=re.IGNORECASE) if tag else text


def shortened_to_sentences(text: str, max_words: int) -> str:
    """Return the whole sentences at the beginning of ``text`` that make at most ``max_words`` words.

    If the first is longer than that, its beginning.
    """
    if len(text.split()) <= max_words:
        return text
    fitting = [text[:end] for end in sentence_ends(text) if len(text[:end].split()) <= max_words]
    return fitting[-1] if fitting else " ".join(text.split()[:max_words])
