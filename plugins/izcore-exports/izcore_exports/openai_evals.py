"""The format ``openai-evals``: an eval and a run of it, as OpenAI's SDK takes them."""

import json
from typing import Any

from izcore.plugin import (
    BackendContext,
    Exporter,
    ExportRequest,
    ExportResult,
    UsageError,
    WholePrompt,
    identifiers,
    measured_line,
)
from izcore_exports.grading import grader_source
from izcore_exports.options import GradedOptions
from izcore_exports.shared import prompt_of, tests_of

_SAMPLES = {"include_sample_schema": True}
_GRADE = "\ndef grade(sample, item):\n    return grade_text(sample['output_text'], item['targets'])\n"


class OpenAIEvals(Exporter):
    """A JSON object with ``eval`` and ``run``: what ``evals.create`` and ``evals.runs.create`` take."""

    def __init__(self, options: GradedOptions, context: BackendContext) -> None:
        self._grader = options.grader

    def export(self, request: ExportRequest) -> ExportResult:
        """Return the object, indented."""
        prompt, run = prompt_of(request, "openai-evals"), request.run
        names = identifiers(prompt.fields)
        properties: dict[str, Any] = {name: {"type": "string"} for name in names.values()}
        properties["targets"] = {"type": "array", "items": {"type": "string"}}
        schema = {"type": "object", "properties": properties, "required": list(properties)}
        criteria = []
        if self._grader:
            source = grader_source("openai-evals", run, prompt) + _GRADE
            criteria = [{"type": "python", "name": run.config["metric"]["name"], "source": source}]
        options = run.config.get("scorer", {}).get("options", {})
        room = max(options.get("max_output_tokens") or 0, prompt.room)
        sampling = {"temperature": options.get("temperature"), "max_completion_tokens": room or None}
        data_source = {
            "type": "completions",
            "model": options.get("model", ""),
            "input_messages": {"type": "template", "template": _template(prompt, names)},
            "source": {
                "type": "file_content",
                "content": [
                    {"item": {**values, "targets": list(targets)}} for values, targets in tests_of(run, names)
                ],
            },
            "sampling_params": {key: value for key, value in sampling.items() if value is not None},
        }
        made = {
            "eval": {
                "name": run.id,
                "data_source_config": {
                    "type": "custom",
                    "item_schema": schema,
                    "include_sample_schema": True,
                },
                "testing_criteria": criteria,
            },
            "run": {"name": measured_line(run), "data_source": data_source},
        }
        return ExportResult(text=f"{json.dumps(made, ensure_ascii=False, indent=2)}\n")


def _template(prompt: WholePrompt, names: dict[str, str]) -> list[dict[str, str]]:
    if any("{{" in piece.text for message in prompt.messages for piece in message.pieces):
        raise UsageError(
            "openai-evals: the prompt itself holds {{, which stands for a field there.",
            hint="Take --to python.",
        )
    return [
        {
            "type": "message",
            "role": each.role,
            "content": each.written(lambda field: f"{{{{item.{names[field]}}}}}"),
        }
        for each in prompt.messages
    ]
