"""The template of a run's prompts, and the task's data as this template shows it."""

from collections.abc import Sequence

import msgspec

from izcore.config.schema import Placement
from izcore.plugin.examples import Example, TaskData, field_names
from izcore.scoring.prompt import INPUT, template_names
from izcore.scoring.prompt_form import DEFAULT_TEMPLATES, PromptForm

_PARTS = {
    "test_examples": "test example",
    "validation_examples": "validation example",
    "examples": "example",
}
"""The parts of a task's data, those first that keep an example which others have too."""


def choose_template(data: TaskData, wanted: str, placement: Placement) -> str:
    """Return the template that is wanted, else the task's own or the default; raises ConfigError if unfit."""
    template = wanted or data.prompt_template or DEFAULT_TEMPLATES[placement]
    form = PromptForm(template=template, placement=placement)
    for part in _PARTS:
        if examples := getattr(data, part):
            form.check(field_names(examples))
    return template


def data_as_shown(data: TaskData, template: str) -> TaskData:
    """Return a task's data with those fields alone that a template names, in its order.

    What the prompts do not show can neither tell examples apart nor change a run: of examples that look the
    same the first stays, what is a test example is no other example, and what is a validation example is none
    to search with. Notes tell so, and name the fields that are not shown.
    """
    every = all_examples(data)
    there = field_names(every)
    if not there:
        return data
    named = template_names(template)
    shown = [name for name in named if name in there]
    notes = []
    kept: dict[str, tuple[Example, ...]] = {}
    seen: set[str] = set()
    for part, noun in _PARTS.items():
        narrowed = [_narrowed(example, shown) for example in getattr(data, part)]
        examples, repeats = _without_repeats(narrowed, noun)
        kept[part] = tuple(example for example in examples if example.full_input not in seen)
        seen |= {example.full_input for example in examples}
        notes += repeats
        if moved := len(examples) - len(kept[part]):
            notes.append(f"{_count(moved, noun)} left out: a held-out example has the same input.")
    unused = [name for name in there if name not in named and _says_more(every, name, named)]
    if unused:
        listed = ", ".join(map(repr, unused))
        notes.append(f"Not used: {listed}. A prompt template shows a column that it names: {{{unused[0]}}}.")
    own = data.prompt_template
    return msgspec.structs.replace(
        data,
        **kept,
        # A template that would show other fields is not this run's, so it is nothing that the run depends on.
        prompt_template="" if set(template_names(own)) - set(named) else own,
        notes=(*data.notes, *notes),
    )


def all_examples(data: TaskData) -> tuple[Example, ...]:
    """Return the examples of all parts of a task's data."""
    return (*data.examples, *data.validation_examples, *data.test_examples)


def _narrowed(example: Example, names: Sequence[str]) -> Example:
    return msgspec.structs.replace(example, fields={name: example.fields.get(name, "") for name in names})


def _without_repeats(examples: Sequence[Example], noun: str) -> tuple[list[Example], list[str]]:
    """Return the first of the examples that look the same, and a note if there were others."""
    first: dict[str, Example] = {}
    conflicts = 0
    for example in examples:
        kept = first.setdefault(example.full_input, example)
        conflicts += set(kept.targets) != set(example.targets)
    number = len(examples) - len(first)
    if not number:
        return list(examples), []
    other = f"; {conflicts} of them had other targets, so labels conflict" if conflicts else ""
    return list(first.values()), [f"{_count(number, noun)} with the input of an earlier one left out{other}."]


def _says_more(examples: Sequence[Example], name: str, named: Sequence[str]) -> bool:
    """Whether a field says anything that a template does not show under another name."""
    values = [(example.fields.get(name, ""), example.input) for example in examples]
    return any(value.strip() and not (INPUT in named and value == input_) for value, input_ in values)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
