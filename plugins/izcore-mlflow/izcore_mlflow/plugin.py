"""Registers tracker and exporter; MLflow is imported when one of them is chosen."""

from izcore.plugin import ExporterRegistration, TrackerRegistration, hookimpl
from izcore_mlflow.options import MlflowOptions, MlflowPromptOptions

IZCORE_API = 1

_INSTALL = "python -m pip install mlflow-skinny sqlalchemy alembic"


@hookimpl
def izcore_trackers() -> list[TrackerRegistration]:
    """Register ``mlflow``."""
    return [
        TrackerRegistration(
            name="mlflow",
            summary="MLflow: settings, a point per trial, the test score and the instruction",
            factory="izcore_mlflow.tracker:MlflowTracker",
            options=MlflowOptions,
            argument="tracking_uri",
            install=_INSTALL,
        )
    ]


@hookimpl
def izcore_exporters() -> list[ExporterRegistration]:
    """Register ``mlflow-prompt``."""
    return [
        ExporterRegistration(
            name="mlflow-prompt",
            summary="A version in MLflow's prompt registry; its URI is written",
            factory="izcore_mlflow.prompt:MlflowPrompt",
            options=MlflowPromptOptions,
            argument="name",
            install=_INSTALL,
            exports="prompt",
        )
    ]
