"""Options of the core's own backends."""

from typing import Annotated

from izcore.plugin import Meta, Options


class PoolOptions(Options):
    """Options of the ``pool`` generator."""

    file: Annotated[
        str, Meta(min_length=1, description="Text file: one instruction per line; # starts a comment line")
    ]
