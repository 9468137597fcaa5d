"""Multiple choice: what the choices of a row are, and which of them a target means."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from string import ascii_uppercase
from typing import Any

from izcore_tasks.files.draft import Draft
from izcore_tasks.files.values import ValueProblem, to_texts
from izcore_tasks.options import FileOptions

_LETTER = re.compile(r"\W*([A-Za-z])\W*")
_INDEX = re.compile(r"\d{1,3}(?:\.0+)?")


@dataclass(frozen=True)
class Question:
    """A row of a multiple-choice task, before it is known what its targets mean.

    ``labels`` are the names that the file gives its choices, in their order; empty where it gives none.
    """

    place: int
    text: str
    targets: tuple[str, ...]
    choices: tuple[str, ...]
    labels: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)


def read_choices(
    row: Mapping[str, Any], columns: Sequence[str], separator: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return a row's choices and their labels.

    One column holds them all: a list, an object of a list ``text`` and a list ``label``, an object of choices
    by their labels, or a text with a separator. Several columns hold one choice each, with their names.
    """
    if len(columns) > 1:
        cells = [(name, text) for name in columns for text in to_texts(row.get(name), "choice")]
        filled = [(name, text) for name, text in cells if text.strip()]
        choices, labels = tuple(text for _, text in filled), tuple(name for name, _ in filled)
    else:
        listed = row.get(columns[0])
        labels = ()
        if isinstance(listed, dict) and isinstance(listed.get("text"), list):
            choices = to_texts(listed["text"], "list of choices")
            labels = to_texts(listed.get("label"), "list of labels")
        elif isinstance(listed, dict):
            choices, labels = to_texts(list(listed.values()), "choice"), tuple(map(str, listed))
        elif isinstance(listed, str):
            choices = tuple(part for part in (part.strip() for part in listed.split(separator)) if part)
        else:
            choices = to_texts(listed, "list of choices")
    if not choices:
        raise ValueProblem("no choices")
    return choices, labels if len(labels) == len(choices) else ()


def add_questions(draft: Draft, questions: Sequence[Question], options: FileOptions) -> None:
    """Add the examples of a multiple-choice task.

    Whether targets are texts, labels, letters or numbers of choices is decided over the whole file, and said
    where they are no texts; so is whether the choices still have to be shown.
    """
    meant = _meaning(draft, questions, options)
    shown = options.show_choices and not _shown_already(questions)
    if shown:
        draft.notes.append("The choices are shown below each input, with letters.")
    for question, targets in zip(questions, meant, strict=True):
        text = question.text
        if shown and text.strip():
            text = f"{text}\n{_listed(question.choices)}"
        draft.add(question.place, text, targets, question.choices, question.fields)


def has_choices(questions: Sequence[Question], options: FileOptions) -> bool:
    """Whether every question has several choices, and its targets mean some of them."""
    if not questions or any(len(question.choices) < 2 for question in questions):
        return False
    if any(all(map(read, questions)) for read in (_as_texts, _as_labels, _as_letters)):
        return True
    numbers = [_as_numbers(question) for question in questions]
    ends = options.first_choice is not None or any(
        {0, len(question.choices)} & set(found) for question, found in zip(questions, numbers, strict=True)
    )
    return ends and all(numbers)


def _meaning(draft: Draft, questions: Sequence[Question], options: FileOptions) -> list[tuple[str, ...]]:
    given = [question.targets for question in questions]
    if all(_as_texts(question) for question in questions):
        return [_as_texts(question) or question.targets for question in questions]
    for what, read in (("labels", _as_labels), ("letters", _as_letters)):
        found = [read(question) for question in questions]
        if all(found):
            draft.notes.append(f"The targets are {what} of choices.")
            return [targets or () for targets in found]
    numbers = [[int(float(t)) for t in each if _INDEX.fullmatch(t.strip())] for each in given]
    if not all(len(found) == len(each) for found, each in zip(numbers, given, strict=True)):
        return [_as_texts(question) or question.targets for question in questions]
    first = _first_number(draft, questions, numbers, options)
    if first is None:
        return given
    draft.notes.append(f"The targets are numbers of choices, counted from {first}.")
    meant = []
    for question, places in zip(questions, numbers, strict=True):
        if all(first <= place < first + len(question.choices) for place in places):
            meant.append(tuple(question.choices[place - first] for place in places))
        else:
            draft.problem(question.place, f"there is no choice {', '.join(question.targets)}")
            meant.append(question.targets)
    return meant


def _first_number(
    draft: Draft, questions: Sequence[Question], numbers: Sequence[Sequence[int]], options: FileOptions
) -> int | None:
    """Return the number of the first choice: 0 if that occurs, 1 if the number of the choices does."""
    if options.first_choice is not None:
        return options.first_choice
    if any(0 in places for places in numbers):
        return 0
    if any(len(q.choices) in places for q, places in zip(questions, numbers, strict=True)):
        return 1
    draft.file_problem(
        "the targets are numbers of choices, and nothing says whether they are counted from 0 or from 1; say "
        "it: --set task.first_choice=0"
    )
    return None


def _as_texts(question: Question) -> tuple[str, ...] | None:
    plain = {choice.strip(): choice for choice in reversed(question.choices)}
    found = [plain.get(target.strip()) for target in question.targets if target.strip()]
    return tuple(filter(None, found)) if all(choice is not None for choice in found) else None


def _as_labels(question: Question) -> tuple[str, ...] | None:
    by_label = dict(zip(question.labels, question.choices, strict=False))
    found = [by_label.get(target.strip()) for target in question.targets]
    return tuple(filter(None, found)) if all(found) else None


def _as_letters(question: Question) -> tuple[str, ...] | None:
    found = []
    for target in question.targets:
        match = _LETTER.fullmatch(target)
        place = ascii_uppercase.index(match[1].upper()) if match else len(question.choices)
        if place >= len(question.choices):
            return None
        found.append(question.choices[place])
    return tuple(found)


def _as_numbers(question: Question) -> tuple[int, ...]:
    """Return the targets as numbers; none, unless all of them are numbers that a choice can have."""
    targets = [target.strip() for target in question.targets]
    numbers = [int(float(target)) for target in targets if _INDEX.fullmatch(target)]
    fit = len(numbers) == len(targets) and all(number <= len(question.choices) for number in numbers)
    return tuple(numbers) if fit else ()


def _shown_already(questions: Sequence[Question]) -> bool:
    """Whether inputs list their choices themselves, or choices are letters of what inputs list."""
    return all(
        all(choice in question.text or _LETTER.fullmatch(choice) for choice in question.choices)
        for question in questions
    )


def _listed(choices: Sequence[str]) -> str:
    if len(choices) > len(ascii_uppercase):
        return "\n".join(f"- {choice}" for choice in choices)
    return "\n".join(f"{letter}) {choice}" for letter, choice in zip(ascii_uppercase, choices, strict=False))
