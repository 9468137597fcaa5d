"""What a user can set."""

from typing import Annotated

from izcore.plugin import Meta, Options


class GradedOptions(Options):
    """Options of the formats that hold tests."""

    grader: Annotated[bool, Meta(description="Whether the run's metric goes along, as Python")] = True


class PromptfooOptions(GradedOptions):
    """Options of the format ``promptfoo``."""

    provider: Annotated[
        str,
        Meta(description="The model in promptfoo's words, openai:chat:NAME …; else the run's"),
    ] = ""
