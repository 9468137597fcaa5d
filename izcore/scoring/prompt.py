"""Writes the prompts that the black box sees: a template with instruction, exemplars and fields filled in."""

import re
from collections.abc import Iterable, Mapping

from izcore.plugin.errors import ConfigError, nearest_names
from izcore.plugin.examples import Example, field_label
from izcore.plugin.trials import Guidance

DEFAULT_TEMPLATE = "Instruction: {instruction}\n\nInput: {input}\nOutput:"
"""The template where neither the user nor the task has one."""

INPUT = "input"
OF_THE_SEARCH = ("instruction", "exemplars")
"""The placeholders that the search fills in; all others stand for fields of an example."""

_PLACEHOLDER = re.compile(r"\{([^{}\n]+)\}")
_PLACEHOLDER_OR_BRACE = re.compile(r"\{\{|\{([^{}\n]+)\}|\}\}")
_LINE = re.compile(r"[^\n]*\n+|[^\n]+$")
_NAME = re.compile(r"\s*\w[\w .-]*")


def render_prompt(template: str, guidance: Guidance, example: Example) -> str:
    """Return a template with its placeholders filled in.

    ``{input}`` becomes the example's input, and the name of another of its fields that field. Where a
    template holds ``{{``, this and ``}}`` stand for braces themselves. Other braces stay as they are.

    ``{instruction}`` becomes the instruction. Where that is empty, the lines with this placeholder are left
    out, and so are the blank lines after them; a line that holds a field as well stays.

    ``{exemplars}`` becomes the exemplars, with a blank line between any two; where there are none, its lines
    are left out in the same way. In a template without this placeholder the exemplars stand before the first
    line with a field. An exemplar is the end of the template, from that line on, filled in with its own
    fields and followed by its first target; where that end holds another placeholder as well, an exemplar is
    a line for each field, after its name, and one for the target.
    """
    marks = _marks(template)
    lines = _LINE.findall(template)
    fields = [name for name in template_names(template) if name == INPUT or name in example.fields]

    def holds(line: str, names: Iterable[str]) -> bool:
        return any(match[1] in names for match in marks.finditer(line))

    start = next(place for place, line in enumerate(lines) if holds(line, fields))
    form = "".join(lines[start:])
    if holds(form, OF_THE_SEARCH):
        form = labelled(fields)
    if guidance.exemplars and not holds(template, ("exemplars",)):
        lines.insert(start, "{exemplars}\n\n")
    exemplars = "\n\n".join(
        f"{_fill(marks, form.rstrip(), _values(exemplar))} {exemplar.targets[0]}"
        for exemplar in guidance.exemplars
    )
    values = {"instruction": guidance.instruction, "exemplars": exemplars}
    for name, value in values.items():
        if not value:
            lines = [line for line in lines if not holds(line, (name,)) or holds(line, fields)]
    return _fill(marks, "".join(lines), {**_values(example), **values})


def labelled(names: Iterable[str]) -> str:
    """Return the end of a template that shows fields, each after its name, and asks for the output."""
    return "".join(f"{field_label(name)}: {{{name}}}\n" for name in names) + "Output:"


def fill_template(template: str, values: Mapping[str, str]) -> str:
    """Return a part of a template with values in place of their names, and doubled braces single."""
    return _fill(_marks(template), template, values)


def template_names(template: str) -> tuple[str, ...]:
    """Return what a template holds in braces that are not doubled, in order; names of fields or not."""
    return tuple(dict.fromkeys(match[1] for match in _marks(template).finditer(template) if match[1]))


def last_place(template: str, name: str) -> int:
    """Return where a template names something for the last time; raises ValueError where it does not."""
    return max(match.start() for match in _marks(template).finditer(template) if match[1] == name)


def move_instruction(template: str, *, after: bool) -> str:
    """Return a template whose lines with ``{instruction}`` stand before the input, or after it.

    That is before the first line with a field or exemplars, or behind the last line with a field, with a
    blank line between. A template without ``{instruction}`` gets it on a line of its own.
    """
    marks = _marks(template)

    def names(line: str) -> set[str]:
        return {match[1] for match in marks.finditer(line) if match[1]}

    lines = _LINE.findall(template)
    own = "".join(line for line in lines if "instruction" in names(line)).strip("\n") or "{instruction}"
    others = [line for line in lines if "instruction" not in names(line)]
    filled = [place for place, line in enumerate(others) if names(line)]
    place = filled[-1] + 1 if after else filled[0]
    parts = ("".join(others[:place]).rstrip("\n"), own, "".join(others[place:]))
    return "\n\n".join(part for part in parts if part)


def check_template(template: str, fields: Iterable[str] = ()) -> None:
    """Raise ConfigError if a template lacks ``{instruction}``, has no field, or names one that is not there.

    ``fields`` are the names of those that the task's examples have, besides ``input``.
    """
    known = dict.fromkeys((*fields, INPUT))
    found = template_names(template)
    if "instruction" not in found:
        raise ConfigError(
            f"prompt_template: {{instruction}} is missing in {template!r}.",
            hint='Write it where the instruction shall stand, or choose placement = "system". '
            f"The default is {DEFAULT_TEMPLATE!r}.",
        )
    unknown = [name for name in found if name not in {*known, *OF_THE_SEARCH} and _NAME.fullmatch(name)]
    if unknown:
        there = ", ".join(f"{{{name}}}" for name in known)
        raise ConfigError(
            f"prompt_template: the examples have no field {unknown[0]!r}; there are {there}.",
            hint=f"{nearest_names(unknown[0], known)} Braces that are meant as such are doubled: "
            f"{{{{{unknown[0]}}}}}.",
        )
    if not any(name in known for name in found):
        there = " or ".join(f"{{{name}}}" for name in dict.fromkeys((INPUT, *known)))
        raise ConfigError(
            f"prompt_template: {there} is missing in {template!r}.",
            hint=f"The default is {DEFAULT_TEMPLATE!r}.",
        )


def _marks(template: str) -> re.Pattern[str]:
    """Return what finds placeholders, and doubled braces where the template doubles them.

    Without an opening pair, a closing pair is the end of two things in single braces, as in nested JSON.
    """
    return _PLACEHOLDER_OR_BRACE if "{{" in template else _PLACEHOLDER


def _values(example: Example) -> Mapping[str, str]:
    return {**example.fields, INPUT: example.input}


def _fill(marks: re.Pattern[str], text: str, values: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        if match[0] in ("{{", "}}"):
            return match[0][0]
        return values.get(match[1], match[0])

    return marks.sub(value, text)
