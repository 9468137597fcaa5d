"""Which columns (or keys) hold input, targets and choices, and the examples that rows make."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from izcore.plugin import nearest_names
from izcore_tasks.files.choices import Question, add_questions, has_choices, read_choices
from izcore_tasks.files.column_names import (
    INPUT_NAMES,
    TARGET_NAMES,
    choice_columns,
    field_names_of,
    input_columns,
    usual,
)
from izcore_tasks.files.draft import Draft
from izcore_tasks.files.values import ValueProblem, to_field, to_targets, to_text
from izcore_tasks.options import FileOptions


@dataclass(frozen=True)
class Columns:
    """The columns that make an example.

    ``inputs`` make the input, the main one is the last. ``choices`` is empty where there are none;
    ``perhaps_choices`` are columns whose names say that they hold choices, and whose content may say
    otherwise. ``fields`` are the columns that a prompt template can name, and by which names.
    """

    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    choices: tuple[str, ...] = ()
    perhaps_choices: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    by_order: bool = False
    """Whether their order decided, so that nothing says that the first row names them."""

    @property
    def input(self) -> str:
        """The main column of the input."""
        return self.inputs[-1]


def choose_columns(
    names: Sequence[str], options: FileOptions, draft: Draft, *, nested: Sequence[str] = ()
) -> Columns | None:
    """Return the columns that the options name, guessing what they leave open; None after a problem.

    Guessed are usual names; then, where no more columns are left than are needed, their order decides. A
    guess is noted in the draft. ``nested`` are names of what columns hold within them, for templates.
    """
    inputs, targets, choices = map(_listed, (options.input, options.target, options.choices))
    wanted = [*inputs, *targets, *choices]
    unknown = [name for name in dict.fromkeys(wanted) if name not in names]
    if unknown:
        for name in unknown:
            draft.file_problem(f"there is no column {name!r}. {nearest_names(name, names)}")
        return None
    free = [name for name in names if name not in wanted]
    perhaps_choices = () if choices else choice_columns(free)
    inputs = inputs or _guess_inputs([name for name in free if name not in perhaps_choices], bool(targets))
    targets = targets or tuple(filter(None, [usual([n for n in free if n not in inputs], TARGET_NAMES)]))
    how = "by their names"
    left = [name for name in names if name not in (*inputs, *targets, *choices)]
    if len(left) == (not inputs) + (not targets) > 0:
        how = "by their order"
        inputs = inputs or (left.pop(0),)
        targets = targets or (left.pop(0),)
    several = """, or several: --set 'task.input=["COLUMN", "COLUMN"]'"""
    for role, found, more in (("input", inputs, several), ("target", targets, "")):
        if not found:
            draft.file_problem(
                f"cannot tell which column holds the {role} (there are: {', '.join(names)}); "
                f"name it: --set task.{role}=COLUMN{more}"
            )
    if not inputs or not targets:
        return None
    if not options.input or not options.target:
        draft.notes.append(f"Guessed {how}: {_are('input', inputs)}, {_are('target', targets)}.")
    if not options.input:
        _tell_rivals(inputs, left, draft)
    hidden = {*targets, *(choices if options.show_choices else ())}
    objects = {name.split(".")[0] for name in nested}
    shown = [name for name in names if name not in objects]
    shown = [name for name in (*shown, *nested) if not {name, name.split(".")[0]} & hidden]
    fields = field_names_of(shown, inputs[-1])
    _tell_inputs(inputs, fields, draft)
    return Columns(
        inputs=inputs,
        targets=targets,
        choices=choices,
        perhaps_choices=() if {*perhaps_choices} & {*inputs, *targets} else perhaps_choices,
        fields=fields,
        by_order=how == "by their order",
    )


def read_row(
    draft: Draft, place: int, row: Mapping[str, Any], columns: Columns, options: FileOptions
) -> Question | None:
    """Return what a row asks, or note the problem with it and return None."""
    try:
        text = to_text(row.get(columns.input), "input")
        targets = [
            part
            for column in columns.targets
            for target in to_targets(row.get(column))
            for part in _split(target, options.target_separator)
        ]
        choices, labels = (
            read_choices(row, columns.choices, options.choices_separator) if columns.choices else ((), ())
        )
    except ValueProblem as problem:
        draft.problem(place, str(problem))
        return None
    fields = {name: to_field(row.get(column)) for column, name in columns.fields.items()}
    return Question(
        place=place, text=text, targets=tuple(targets), choices=choices, labels=labels, fields=fields
    )


def add_rows(
    draft: Draft, rows: Iterable[tuple[int, Mapping[str, Any]]], columns: Columns, options: FileOptions
) -> None:
    """Add the examples that rows make, and the problems with them."""
    rows = list(rows)
    if columns.perhaps_choices:
        columns = _with_choices(draft, rows, columns, options)
    read = [read_row(draft, place, row, columns, options) for place, row in rows]
    questions = [question for question in read if question is not None]
    if columns.choices and questions:
        add_questions(draft, questions, options)
        return
    for question in questions:
        draft.add(question.place, question.text, question.targets, fields=question.fields)


def _guess_inputs(free: Sequence[str], has_target: bool) -> tuple[str, ...]:
    """Return the columns that make the input by their names; several only where a target is left then."""
    inputs = input_columns(free)
    left = [name for name in free if name not in inputs]
    if has_target or len(inputs) < 2 or usual(left, TARGET_NAMES) or len(left) == 1:
        return inputs
    one = [name for name in free if name not in inputs[:-1]]
    return input_columns(one)


def _tell_rivals(inputs: Sequence[str], left: Sequence[str], draft: Draft) -> None:
    """Say how columns would belong to the input whose names say that they might."""
    rivals = [name for name in left if name not in inputs and usual([name], INPUT_NAMES)]
    if rivals:
        together = ", ".join(f'"{name}"' for name in (*rivals, *inputs))
        draft.notes.append(
            f"Perhaps {' and '.join(map(repr, rivals))} should be input too: --set 'task.input=[{together}]'"
        )


def _tell_inputs(inputs: Sequence[str], fields: Mapping[str, str], draft: Draft) -> None:
    """Say which fields make the input together, if there are several, and what templates call the columns."""
    draft.main_field = fields.get(inputs[-1], "")
    if len(inputs) > 1:
        draft.input_fields = tuple(fields.get(name, "input") for name in inputs)
    for column, name in fields.items():
        if name != column:
            draft.notes.append(f"In a prompt template, the column {column!r} is called {{{name}}}.")


def _with_choices(
    draft: Draft, rows: Sequence[tuple[int, Mapping[str, Any]]], columns: Columns, options: FileOptions
) -> Columns:
    """Return the columns with those that hold choices by their names, if they do by their content too."""
    fields = {
        column: name
        for column, name in columns.fields.items()
        if column.split(".")[0] not in columns.perhaps_choices or not options.show_choices
    }
    found = replace(columns, choices=columns.perhaps_choices, fields=fields)
    trial = replace(draft, examples=[], notes=[])
    questions = [read_row(trial, place, row, found, options) for place, row in rows]
    if trial.problems != ("no examples",) or not has_choices(
        [q for q in questions if q is not None], options
    ):
        return columns
    draft.metric = "choice"
    draft.notes.append(f"Guessed by their names: {_are('choices', found.choices)}; so choice is the metric.")
    return found


def _listed(names: str | Sequence[str]) -> tuple[str, ...]:
    return tuple(filter(None, (names,) if isinstance(names, str) else names))


def _are(role: str, columns: Sequence[str]) -> str:
    return f"{role} {'are' if role == 'choices' else 'is'} {' and '.join(map(repr, columns))}"


def _split(text: str, separator: str) -> list[str]:
    if not separator:
        return [text]
    return [part for part in (part.strip() for part in text.split(separator)) if part]
