"""The format ``promptfoo``: what ``npx promptfoo eval -c FILE`` runs."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from izcore.plugin import (
    BackendContext,
    Exporter,
    ExportRequest,
    ExportResult,
    Run,
    UsageError,
    identifiers,
    measured_line,
)
from izcore_exports.grading import grader_source
from izcore_exports.options import PromptfooOptions
from izcore_exports.shared import prompt_of, tests_of

TARGETS = "izcore_targets"
"""The variable that holds an example's targets, as a JSON list: promptfoo makes several tests of a list."""

_PROVIDERS: Mapping[str, str] = {"openai": "openai:chat", "claude": "anthropic:messages"}
_SETTINGS: Mapping[str, str] = {
    "temperature": "temperature",
    "max_output_tokens": "max_tokens",
    "top_p": "top_p",
    "stop": "stop",
    "seed": "seed",
    "base_url": "apiBaseUrl",
}
"""Options of a scorer as promptfoo calls them."""
USUAL_ROOM = 256
"""Tokens of an answer where the scorer's options say nothing."""


class Promptfoo(Exporter):
    """Prompt, provider, a test for each test example, and the metric as an assertion in Python."""

    def __init__(self, options: PromptfooOptions, context: BackendContext) -> None:
        self._options = options

    def export(self, request: ExportRequest) -> ExportResult:
        """Return the configuration, in JSON."""
        prompt, run = prompt_of(request, "promptfoo"), request.run
        names = identifiers(prompt.fields)
        messages = [
            {"role": each.role, "content": each.written(lambda field: f"{{{{{names[field]}}}}}", literal)}
            for each in prompt.messages
        ]
        config: dict[str, Any] = {
            "description": literal(measured_line(run)),
            "prompts": [{"raw": json.dumps(messages, ensure_ascii=False), "label": run.id}],
            "providers": [self._provider(run, prompt.room)],
            "tests": [{"vars": _variables(*each)} for each in tests_of(run, names)],
        }
        if self._options.grader:
            source = grader_source("promptfoo", run, prompt)
            told = f"import json\nreturn grade_text(output, json.loads(context['vars']['{TARGETS}']))"
            config["defaultTest"] = {"assert": [{"type": "python", "value": literal(f"{source}\n{told}")}]}
        return ExportResult(text=f"{json.dumps(config, ensure_ascii=False, indent=2)}\n")

    def _provider(self, run: Run, room: int) -> dict[str, Any]:
        scorer = run.config.get("scorer", {})
        options, known = scorer.get("options", {}), _PROVIDERS.get(scorer.get("name", ""))
        if not self._options.provider and known is None:
            raise UsageError(
                f"promptfoo: what it calls the model of the scorer {scorer.get('name')} is not known.",
                hint="Name it in promptfoo's words: --set provider=openai:chat:MODEL",
            )
        settings = {_SETTINGS[key]: value for key, value in options.items() if key in _SETTINGS and value}
        settings["temperature"] = options.get("temperature") or 0
        settings["max_tokens"] = max(settings.get("max_tokens", USUAL_ROOM), room)
        return {"id": self._options.provider or f"{known}:{options['model']}", "config": settings}


def _variables(values: Mapping[str, str], targets: tuple[str, ...]) -> dict[str, str]:
    names = (*values, TARGETS)
    listed = json.dumps(targets, ensure_ascii=False)
    return {name: _as_it_stands(text, names) for name, text in {**values, TARGETS: listed}.items()}


def literal(text: str) -> str:
    """Return a text that promptfoo's template language renders as it stands."""
    return re.sub(r"\{(?=[{%#])", "{{ '{' }}", text)


def _as_it_stands(text: str, names: Iterable[str]) -> str:
    """Return a variable's value; raises UsageError for one that promptfoo would not take as it stands."""
    if re.match(r"(file|package):", text) or re.search(rf"\{{\{{\s*({'|'.join(names)})\b", text):
        raise UsageError(
            f"promptfoo: it would read a file, or another variable, in the place of {text[:60]!r}.",
            hint="Leave that example out of the task's data.",
        )
    return text
