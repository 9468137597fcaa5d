"""The format ``mlflow-prompt``: registers a prompt as a version in MLflow's prompt registry."""

import os
import re
from typing import Any

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from izcore.plugin import (
    BackendContext,
    BackendError,
    Exporter,
    ExportRequest,
    ExportResult,
    UsageError,
    WholePrompt,
    identifiers,
    measured_line,
)
from izcore_mlflow.options import MlflowPromptOptions
from izcore_mlflow.tracker import PATIENCE, RUN_TAG


class MlflowPrompt(Exporter):
    """A version of a prompt of MLflow's, with ``{{ name }}`` for each field; its URI is what is written.

    The same run is registered once: where the newest version is of this run, it stays the newest.
    """

    def __init__(self, options: MlflowPromptOptions, context: BackendContext) -> None:
        for name, value in PATIENCE.items():
            os.environ.setdefault(name, value)  # MLflow reads them nowhere else
        self._client = MlflowClient(tracking_uri=options.tracking_uri or None)
        self._name = options.name

    def export(self, request: ExportRequest) -> ExportResult:
        """Register the prompt, and return its URI."""
        assert request.prompt is not None, "the core asks exporters of prompts about prompts alone"
        run, template = request.run, _template(request.prompt)
        name = self._name or re.sub(r"[^\w.-]+", "-", run.task).strip("-") or "prompt"
        try:
            newest = self._newest(name)
            if newest is None or newest.tags.get(RUN_TAG) != run.id or newest.template != template:
                newest = self._client.register_prompt(
                    name, template, commit_message=measured_line(run), tags={RUN_TAG: run.id}
                )
        except MlflowException as error:
            raise BackendError(
                f"MLflow did not take the prompt {name}: {error.message}",
                hint="Check --set tracking_uri=…, or MLFLOW_TRACKING_URI.",
            ) from None
        return ExportResult(text=f"prompts:/{newest.name}/{newest.version}\n")

    def _newest(self, name: str) -> Any:
        return self._client.load_prompt(f"prompts:/{name}@latest", allow_missing=True)


def _template(prompt: WholePrompt) -> list[dict[str, str]]:
    if prompt.shows_images or any(message.images for message in prompt.messages):
        raise UsageError("mlflow-prompt: the prompt shows images.", hint="Take --to messages or python.")
    if any("{{" in piece.text for message in prompt.messages for piece in message.pieces):
        raise UsageError(
            "mlflow-prompt: the prompt itself holds {{, the mark of a field there.", hint="Take --to python."
        )
    names = identifiers(prompt.fields)
    return [
        {"role": each.role, "content": each.written(lambda field: f"{{{{{names[field]}}}}}")}
        for each in prompt.messages
    ]
