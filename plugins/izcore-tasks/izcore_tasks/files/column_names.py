"""What columns (or keys) are usually called, and what their names say about them."""

import re
from collections.abc import Iterable, Mapping, Sequence

INPUT_NAMES = (
    *("input", "inputs", "question", "text", "prompt", "sentence", "query", "source", "problem"),
    *("review", "comment", "passage", "context", "article", "document", "word", "x", "ctx", "instruction"),
    *("messages", "conversation", "conversations", "dialogue"),
)
TARGET_NAMES = (
    *("targets", "target", "outputs", "output", "ideal", "answers", "answer", "labels", "label"),
    *("expected_output", "expected", "references", "reference", "gold", "completion", "response"),
    *("solution", "class", "category", "sentiment", "translation", "summary", "y"),
    *("answerkey", "answer_key", "correct_answer", "correct", "gold_label", "cop"),
)
CHOICES_NAMES = ("choices", "options", "endings", "candidates")

_PASSAGE = (
    "context",
    "passage",
    "paragraph",
    "document",
    "article",
    "story",
    "background",
    "text",
    "sentence",
)
_SHAPES: tuple[tuple[tuple[str, ...], ...], ...] = (
    (("context",), ("instruction",)),
    (("instruction",), ("input",)),
    (_PASSAGE, ("question", "query")),
    (("premise",), ("hypothesis", "question")),
    (("evidence",), ("claim",)),
    (("title", "subject", "headline"), ("body", "content", "description", "abstract", "text", "article")),
)
"""Columns that make an input together, by their usual names; of alternatives the first that is there."""

_PAIR = re.compile(r"(sentence|question|text|passage|premise|document|word|string)[ _-]?(1|a)", re.IGNORECASE)
_SECOND = {"1": "2", "a": "b", "A": "B"}
_CHOICE = re.compile(r"(|options?|choices?|op|endings?|sol)[ _-]?([a-j]|(?<!^)\d)", re.IGNORECASE)

_RESERVED = {"instruction": "request", "input": "input_column", "exemplars": "exemplars_column"}
"""What a template calls columns whose own names mean something else in it."""


def usual(names: Sequence[str], known: Sequence[str]) -> str:
    """Return the column with the first of the known names that there is; empty for none."""
    by_name = _by_name(names)
    return next((by_name[name] for name in known if name in by_name), "")


def input_columns(names: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that make an input together, the main one last, as far as their names tell."""
    by_name = _by_name(names)
    for shape in _SHAPES:
        found = [next((by_name[name] for name in part if name in by_name), "") for part in shape]
        if all(found):
            return tuple(found)
    for name in names:
        match = _PAIR.fullmatch(name.strip())
        second = match and by_name.get(name.strip()[: match.start(2)].lower() + _SECOND[match[2]].lower())
        if second:
            return name, second
    one = usual(names, INPUT_NAMES)
    return (one,) if one else ()


def choice_columns(names: Sequence[str]) -> tuple[str, ...]:
    """Return the columns whose names say that they hold choices: one of them all, or one of each."""
    series: dict[str, dict[str, str]] = {}
    for name in names:
        if match := _CHOICE.fullmatch(name.strip()):
            series.setdefault(match[1].lower(), {})[match[2].lower()] = name
    several = next((tuple(s.values()) for s in series.values() if len(s) > 1 and min(s) in "01a"), ())
    one = usual(names, CHOICES_NAMES)
    return several or ((one,) if one else ())


def field_names_of(columns: Iterable[str], main: str) -> dict[str, str]:
    """Return what each column is called in a template; ``main`` is the column of the input.

    Names lose what a template cannot name: braces and line breaks. A column whose name has a meaning of its
    own in templates gets another.
    """
    found: dict[str, str] = {}
    for column in columns:
        name = " ".join(re.sub(r"[{}]", "", column).split())
        name = _RESERVED.get(name, name)
        if name and name not in found.values() and not column == main == "input":
            found[column] = name
    return found


def _by_name(names: Sequence[str]) -> Mapping[str, str]:
    return {name.strip().lower(): name for name in reversed(names)}
