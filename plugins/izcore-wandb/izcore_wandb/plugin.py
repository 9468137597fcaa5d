"""Registers the tracker; wandb is imported when a run names it."""

from izcore.plugin import TrackerRegistration, hookimpl
from izcore_wandb.options import WandbOptions

IZCORE_API = 1


@hookimpl
def izcore_trackers() -> list[TrackerRegistration]:
    """Register ``wandb``."""
    return [
        TrackerRegistration(
            name="wandb",
            summary="Weights & Biases: settings, a point per trial, the test score and the instruction",
            factory="izcore_wandb.tracker:WandbTracker",
            options=WandbOptions,
            argument="project",
            install="python -m pip install wandb",
        )
    ]
