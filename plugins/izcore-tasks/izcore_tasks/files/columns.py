"""Which columns (or keys) hold input, targets and choices, and the examples that rows make."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from izcore.plugin import nearest_names
from izcore_tasks.files.choices import Question, add_questions, read_choices
from izcore_tasks.files.draft import Draft
from izcore_tasks.files.values import ValueProblem, to_text, to_texts
from izcore_tasks.options import FileOptions

_INPUT_NAMES = (
    *("input", "inputs", "question", "text", "prompt", "sentence", "query", "source", "problem"),
    *("review", "comment", "passage", "context", "article", "document", "word", "x"),
)
_TARGET_NAMES = (
    *("targets", "target", "outputs", "output", "ideal", "answers", "answer", "labels", "label"),
    *("expected_output", "expected", "references", "reference", "gold", "completion", "response"),
    *("solution", "class", "category", "sentiment", "translation", "summary", "y"),
)


@dataclass(frozen=True)
class Columns:
    """The columns that make an example; ``choices`` is empty where there are none."""

    input: str
    targets: tuple[str, ...]
    choices: tuple[str, ...] = ()
    by_order: bool = False
    """Whether their order decided, so that nothing says that the first row names them."""


def choose_columns(names: Sequence[str], options: FileOptions, draft: Draft) -> Columns | None:
    """Return the columns that the options name, guessing what they leave open; None after a problem.

    Guessed are usual names; then, where no more columns are left than are needed, their order decides. A
    guess is noted in the draft.
    """
    targets = (options.target,) if isinstance(options.target, str) else options.target
    targets = tuple(filter(None, targets))
    choices = (options.choices,) if isinstance(options.choices, str) else options.choices
    choices = tuple(filter(None, choices))
    wanted = [name for name in (options.input, *targets, *choices) if name]
    unknown = [name for name in dict.fromkeys(wanted) if name not in names]
    if unknown:
        for name in unknown:
            draft.file_problem(f"there is no column {name!r}. {nearest_names(name, names)}")
        return None
    text = options.input or _usual(names, _INPUT_NAMES, wanted)
    targets = targets or tuple(filter(None, [_usual(names, _TARGET_NAMES, [*wanted, text])]))
    how = "by their names"
    left = [name for name in names if name not in (text, *targets, *choices)]
    if len(left) == (not text) + (not targets) > 0:
        how = "by their order"
        text = text or left.pop(0)
        targets = targets or (left.pop(0),)
    for role, found in (("input", text), ("target", targets)):
        if not found:
            draft.file_problem(
                f"cannot tell which column holds the {role} (there are: {', '.join(names)}); "
                f"name it: --set task.{role}=COLUMN"
            )
    if not text or not targets:
        return None
    if not options.input or not options.target:
        draft.notes.append(f"Guessed {how}: input is {text!r}, target is {' and '.join(map(repr, targets))}.")
    if left:
        draft.notes.append(f"Not used: {', '.join(map(repr, left))}.")
    return Columns(input=text, targets=targets, choices=choices, by_order=how == "by their order")


def read_row(
    draft: Draft, place: int, row: Mapping[str, Any], columns: Columns, options: FileOptions
) -> Question | None:
    """Return what a row asks, or note the problem with it and return None."""
    try:
        text = to_text(row.get(columns.input), "input")
        targets = [
            part
            for column in columns.targets
            for target in to_texts(row.get(column), "target")
            for part in _split(target, options.target_separator)
        ]
        choices, labels = (
            read_choices(row, columns.choices, options.choices_separator) if columns.choices else ((), ())
        )
    except ValueProblem as problem:
        draft.problem(place, str(problem))
        return None
    return Question(place=place, text=text, targets=tuple(targets), choices=choices, labels=labels)


def add_rows(
    draft: Draft, rows: Iterable[tuple[int, Mapping[str, Any]]], columns: Columns, options: FileOptions
) -> None:
    """Add the examples that rows make, and the problems with them."""
    read = [read_row(draft, place, row, columns, options) for place, row in rows]
    questions = [question for question in read if question is not None]
    if columns.choices and questions:
        add_questions(draft, questions, options)
        return
    for question in questions:
        draft.add(question.place, question.text, question.targets)


def _usual(names: Sequence[str], usual: Sequence[str], taken: Sequence[str]) -> str:
    free = {name.strip().lower(): name for name in reversed(names) if name not in taken}
    return next((free[name] for name in usual if name in free), "")


def _split(text: str, separator: str) -> list[str]:
    if not separator:
        return [text]
    return [part for part in (part.strip() for part in text.split(separator)) if part]
