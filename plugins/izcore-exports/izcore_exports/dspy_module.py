"""The format ``dspy``: a Python module with a DSPy program that sends the messages as they were measured."""

import pprint

from izcore.plugin import (
    BackendContext,
    Exporter,
    ExportRequest,
    ExportResult,
    Options,
    identifiers,
    measured_line,
)
from izcore_exports.grading import ANSWER_SOURCE
from izcore_exports.shared import prompt_of

_PROGRAM = '''

class Measured(dspy.Adapter):
    """Sends the messages as they were measured, and takes the answer as it was scored."""

    def format(self, signature, demos, inputs):
        return [
            {"role": role, "content": "".join(text if text else inputs[name] for text, name in pieces)}
            for role, pieces in MESSAGES
        ]

    def parse(self, signature, completion):
        return {OUTPUT: read_answer(completion)}


class Prompt(dspy.Module):
    """The prompt as a DSPy module, which takes FIELDS by keyword."""

    def __init__(self):
        super().__init__()
        fields = {name: (str, dspy.InputField()) for name in FIELDS}
        self.predict = dspy.Predict(
            dspy.Signature({**fields, OUTPUT: (str, dspy.OutputField())}, INSTRUCTION)
        )

    def forward(self, **inputs):
        with dspy.context(adapter=Measured()):
            return self.predict(**inputs)


program = Prompt()
'''


class Dspy(Exporter):
    """The module's source; it needs DSPy, and nothing of izcore."""

    def __init__(self, options: Options, context: BackendContext) -> None:
        pass

    def export(self, request: ExportRequest) -> ExportResult:
        """Return the source."""
        prompt, run = prompt_of(request, "dspy"), request.run
        names = identifiers(prompt.fields)
        best = run.result.best if run.result else None
        output = next(name for name in ("output", "answer", "result") if name not in names.values())
        messages = [
            (each.role, [(piece.text, names.get(piece.field, "")) for piece in each.pieces])
            for each in prompt.messages
        ]
        constants = {
            "FIELDS": list(names.values()),
            "OUTPUT": output,
            "INSTRUCTION": best.instruction if best else "",
            "MARK": prompt.answer_mark,
            "MESSAGES": messages,
        }
        head = [f"# {measured_line(run)}", "", "import re", "", "import dspy", ""]
        told = [f"{name} = {pprint.pformat(value, width=100)}" for name, value in constants.items()]
        return ExportResult(text="\n".join([*head, *told, "", "", ANSWER_SOURCE]) + "\n" + _PROGRAM)
