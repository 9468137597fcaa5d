"""Writes the prompts that the black box sees: a template with instruction, exemplars and input filled in."""

import re

from izcore.plugin.errors import ConfigError
from izcore.plugin.examples import Example
from izcore.plugin.trials import Guidance

DEFAULT_TEMPLATE = "Instruction: {instruction}\n\nInput: {input}\nOutput:"
"""The template where neither the user nor the task has one."""

DEFAULT_EXEMPLAR = "Input: {input}\nOutput:"
"""What exemplars are written with where the end of the template holds more than the input."""

_PLACEHOLDER = re.compile(r"\{(instruction|exemplars|input)\}")
_INSTRUCTION_LINE = re.compile(r"[^\n]*\{instruction\}[^\n]*(\n+|$)")
_EXEMPLARS_LINE = re.compile(r"[^\n]*\{exemplars\}[^\n]*(\n+|$)")


def render_prompt(template: str, guidance: Guidance, input_: str) -> str:
    """Return a template with its placeholders filled in; ``input_`` takes the place of ``{input}``.

    ``{instruction}`` becomes the instruction. Where that is empty, the lines with this placeholder are left
    out, and so are the blank lines after them; a line that holds ``{input}`` as well stays.

    ``{exemplars}`` becomes the exemplars, with a blank line between any two; where there are none, its lines
    are left out in the same way. In a template without this placeholder the exemplars stand before the line
    with ``{input}``. An exemplar is the end of the template, from the line with ``{input}`` on, filled in
    with its own input and followed by its first target; where that end holds another placeholder as well, it
    is ``DEFAULT_EXEMPLAR`` instead.
    """
    start = template.rfind("\n", 0, template.index("{input}")) + 1
    form = template[start:]
    if "{instruction}" in form or "{exemplars}" in form:
        form = DEFAULT_EXEMPLAR
    if guidance.exemplars and "{exemplars}" not in template:
        template = template[:start] + "{exemplars}\n\n" + template[start:]
    for line, value in ((_INSTRUCTION_LINE, guidance.instruction), (_EXEMPLARS_LINE, guidance.exemplars)):
        if not value:
            template = line.sub(lambda m: m[0] if "{input}" in m[0] else "", template)
    exemplars = "\n\n".join(_render_exemplar(form, exemplar) for exemplar in guidance.exemplars)
    values = {"instruction": guidance.instruction, "exemplars": exemplars, "input": input_}
    return _PLACEHOLDER.sub(lambda match: values[match[1]], template)


def check_template(template: str) -> None:
    """Raise ConfigError if a template lacks ``{instruction}`` or ``{input}``."""
    for name in ("instruction", "input"):
        if f"{{{name}}}" not in template:
            raise ConfigError(
                f"prompt_template: {{{name}}} is missing in {template!r}.",
                hint=f"The default is {DEFAULT_TEMPLATE!r}.",
            )


def _render_exemplar(form: str, exemplar: Example) -> str:
    question, answer = form.split("{input}", 1)
    return f"{question}{exemplar.input}{answer.rstrip()} {exemplar.targets[0]}"
