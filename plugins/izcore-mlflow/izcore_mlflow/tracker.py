"""Keeps a record of a run in MLflow."""

import os
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from mlflow import MlflowClient
from mlflow.entities import Metric, Param
from mlflow.exceptions import MlflowException

from izcore.plugin import (
    BackendContext,
    CallsAnswered,
    NoteAdded,
    RunFinished,
    RunStarted,
    RunStopped,
    Tracker,
    TrialFinished,
    hookimpl,
    plain,
    result_figures,
    trial_figures,
)
from izcore_mlflow.options import MlflowOptions

RUN_TAG = "izcore.run_id"
BATCH = 100
"""Most parameters that MLflow takes at once."""

PATIENCE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_HTTP_REQUEST_TIMEOUT": "20"}
"""A server that is away must not keep a run waiting for as long as MLflow would (minutes)."""


class MlflowTracker(Tracker):
    """One MLflow run per run, found again by the tag ``izcore.run_id`` when the run is resumed."""

    def __init__(self, options: MlflowOptions, context: BackendContext) -> None:
        for name, value in PATIENCE.items():
            os.environ.setdefault(name, value)  # MLflow reads them nowhere else
        self._client = MlflowClient(tracking_uri=options.tracking_uri or None)
        self._experiment = options.experiment
        self._run = ""
        self._totals: CallsAnswered | None = None

    @hookimpl
    def izcore_run_started(self, event: RunStarted) -> None:
        """Begin the MLflow run, or go on with it, and write down the settings that are not there yet."""
        experiment = self._experiment_id()
        found = self._client.search_runs([experiment], f"tags.`{RUN_TAG}` = '{event.run_id}'", max_results=1)
        if found:
            self._run, known = found[0].info.run_id, found[0].data.params
            self._client.update_run(self._run, status="RUNNING")
        else:
            tags = {RUN_TAG: event.run_id, "izcore.task": plain(event.task)}
            created = self._client.create_run(experiment, tags=tags, run_name=event.run_id)
            self._run, known = created.info.run_id, {}
        params = [Param(key, value) for key, value in flattened(event.config) if key not in known]
        for start in range(0, len(params), BATCH):
            self._client.log_batch(self._run, params=params[start : start + BATCH])

    @hookimpl
    def izcore_calls_answered(self, event: CallsAnswered) -> None:
        """Remember the totals for the next trial."""
        self._totals = event

    @hookimpl
    def izcore_trial_finished(self, event: TrialFinished) -> None:
        """Add a point to each curve."""
        self._log(trial_figures(event, self._totals), step=event.trial.index)

    @hookimpl
    def izcore_note_added(self, event: NoteAdded) -> None:
        """Show what was noticed as a tag, without the answer that is its example."""
        self._client.set_tag(self._run, "izcore.note", plain(event.note))

    @hookimpl
    def izcore_run_finished(self, event: RunFinished) -> None:
        """Write the result down, and end the MLflow run."""
        result = event.result
        self._log(result_figures(result), step=result.trials)
        self._client.set_tag(self._run, "izcore.conclusion", plain(result.conclusion))
        if result.best:
            self._client.set_tag(self._run, "izcore.instruction", plain(result.best.instruction))
            self._client.log_text(self._run, plain(result.best.instruction), "instruction.txt")
        self._client.log_dict(self._run, msgspec.to_builtins(result), "result.json")
        self._end("FINISHED")

    @hookimpl
    def izcore_run_stopped(self, event: RunStopped) -> None:
        """Say why, and end the MLflow run."""
        if self._run:
            self._client.set_tag(self._run, "izcore.stopped", plain(f"{event.status}: {event.reason}"))
            self._end("KILLED" if event.status == "interrupted" else "FAILED")

    def close(self) -> None:
        """End what nobody ended: the program failed."""
        if self._run:
            self._end("FAILED")

    def _experiment_id(self) -> str:
        found = self._client.get_experiment_by_name(self._experiment)
        if found is None:
            try:
                made: str = self._client.create_experiment(self._experiment)
            except MlflowException:
                # Another run may have made it in this very moment.
                found = self._client.get_experiment_by_name(self._experiment)
                if found is None:
                    raise
            else:
                return made
        experiment: str = found.experiment_id
        return experiment

    def _log(self, figures: Mapping[str, float], *, step: int) -> None:
        now = int(time.time() * 1000)
        metrics = [Metric(name, value, now, step) for name, value in figures.items()]
        self._client.log_batch(self._run, metrics=metrics)

    def _end(self, status: str) -> None:
        self._client.set_terminated(self._run, status)
        self._run = ""


def flattened(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield dotted keys and texts, as MLflow takes them."""
    for key, value in settings.items():
        name = prefix + re.sub(r"[^\w\-. :/]", "_", key)
        if isinstance(value, Mapping):
            yield from flattened(value, f"{name}.")
        else:
            yield name, plain(value if isinstance(value, str) else msgspec.json.encode(value).decode())
