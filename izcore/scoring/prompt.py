"""From a template, guidance and an input to the prompt that the black box sees."""

import re

from izcore.plugin.errors import ConfigError
from izcore.plugin.records import Example, Guidance

DEFAULT_TEMPLATE = "Instruction: {instruction}\n\nInput: {input}\nOutput:"
"""Used for validation and test alike; the published code used two different ones."""

DEFAULT_EXEMPLAR = "Input: {input}\nOutput:"
"""How an exemplar looks where the template's own way to show an input has more in it than the input."""

_PLACEHOLDER = re.compile(r"\{(instruction|exemplars|input)\}")
_INSTRUCTION_LINE = re.compile(r"[^\n]*\{instruction\}[^\n]*(\n+|$)")
_EXEMPLARS_LINE = re.compile(r"[^\n]*\{exemplars\}[^\n]*(\n+|$)")


def render_prompt(template: str, guidance: Guidance, input_: str) -> str:
    """Fill a template. With an empty instruction the lines that hold it disappear.

    An instruction line that also holds ``{input}`` stays, with the instruction left out. Exemplars stand at
    ``{exemplars}``, whose lines disappear where there are none; without that placeholder they stand before
    the line with ``{input}``. They look like the template's end from that line on, with the first target.
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
    """Raise ConfigError if a template lacks a placeholder."""
    for name in ("instruction", "input"):
        if f"{{{name}}}" not in template:
            raise ConfigError(
                f"prompt_template: {{{name}}} is missing in {template!r}.",
                hint=f"The default is {DEFAULT_TEMPLATE!r}.",
            )


def _render_exemplar(form: str, exemplar: Example) -> str:
    question, answer = form.split("{input}", 1)
    return f"{question}{exemplar.input}{answer.rstrip()} {exemplar.targets[0]}"
