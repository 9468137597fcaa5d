"""Registers the task. Imported whenever ``iz`` lists what there is, so it does not import ``datasets``."""

from typing import Annotated

from izcore.plugin import Meta, Options, TaskRegistration, hookimpl

IZCORE_API = 1

Column = Annotated[str, Meta(min_length=1, description="Name of a column")]


class HubOptions(Options):
    """What a user can set."""

    dataset: Annotated[
        str, Meta(min_length=1, description="OWNER/NAME on the hub, or a folder in the same layout")
    ]
    config: Annotated[str, Meta(description="The configuration, where the data set has several")] = ""
    revision: Annotated[str, Meta(description="A commit, so that the data stays as it is")] = ""
    input: Column = "text"
    output: Column = "label"
    metric: Annotated[str, Meta(min_length=1, description="How answers are compared")] = "exact_match"
    most: Annotated[int, Meta(ge=1, description="Most examples of a split, drawn with the run's seed")] = 1000


@hookimpl
def izcore_tasks() -> list[TaskRegistration]:
    """Register the task."""
    return [
        TaskRegistration(
            name="hub",
            summary="A data set of the Hugging Face hub",
            factory="izcore_hub.task:HubTask",
            options=HubOptions,
            argument="dataset",
            install="pip install izcore-hub",
        )
    ]
