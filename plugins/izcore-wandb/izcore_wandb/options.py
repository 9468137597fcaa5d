"""What a user can set."""

from typing import Annotated, Literal

from izcore.plugin import Meta, Options


class WandbOptions(Options):
    """Where the runs go."""

    project: Annotated[str, Meta(min_length=1, description="Project, made if it is not there")] = "izcore"
    entity: Annotated[str, Meta(description="User or team; empty: your own default")] = ""
    mode: Annotated[
        Literal["online", "offline"] | None,
        Meta(description="online: sent at once; offline: kept for `wandb sync`; none: WANDB_MODE, or online"),
    ] = None
    dir: Annotated[str, Meta(description="Folder of the local files; empty: WANDB_DIR, or ./wandb")] = ""
