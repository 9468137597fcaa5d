"""What a user can set."""

from typing import Annotated
from urllib.parse import urlsplit

from izcore.plugin import Meta, Options


class StoreOptions(Options):
    """Where MLflow keeps things."""

    tracking_uri: Annotated[
        str, Meta(description="Server or database; empty: MLFLOW_TRACKING_URI, else MLflow's own default")
    ] = ""

    def __post_init__(self) -> None:
        """Refuse a password: options are part of the run's record."""
        if "@" in urlsplit(self.tracking_uri).netloc:
            raise ValueError(
                "a URI must hold no user name or password; set MLFLOW_TRACKING_USERNAME and "
                "MLFLOW_TRACKING_PASSWORD, or the whole URI as MLFLOW_TRACKING_URI"
            )


class MlflowOptions(StoreOptions):
    """Where the runs go."""

    experiment: Annotated[str, Meta(min_length=1, description="Experiment, made if it is not there")] = (
        "izcore"
    )


class MlflowPromptOptions(StoreOptions):
    """Under which name the prompt is registered."""

    name: Annotated[str, Meta(description="The prompt's name in the registry; else the task's")] = ""
