"""Registers the tracker; MLflow is imported when a run names it."""

from izcore.plugin import TrackerRegistration, hookimpl
from izcore_mlflow.options import MlflowOptions

IZCORE_API = 1


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
            install="python -m pip install mlflow-skinny sqlalchemy alembic",
        )
    ]
