"""Options of the core's own scorers: programs and Python functions."""

from typing import Annotated, Literal

from izcore.plugin import Meta, Options

Receives = Annotated[
    Literal["text", "messages"],
    Meta(
        description="text: the whole prompt in one text; messages: system message, turns and question, each "
        "with role and content"
    ),
]


class CommandOptions(Options):
    """Options of the scorer ``command``."""

    command: Annotated[
        str,
        Meta(
            min_length=1,
            description="Program and arguments, as a shell splits them; no shell is started. Prompt on "
            "standard input, answer on standard output; an exit code other than 0 is a failed call",
        ),
    ]
    receives: Receives = "text"
    timeout: Annotated[float, Meta(gt=0, description="Seconds that one answer may take")] = 120.0
    concurrency: Annotated[int, Meta(ge=1, description="Programs that run at once")] = 4
    version: Annotated[
        str, Meta(description="What you call this state of the program: with another one all is asked anew")
    ] = ""


class CallableOptions(Options):
    """Options of the scorer ``callable``."""

    function: Annotated[str, Meta(min_length=1, description="The function's name; izcore fills it in")]
    receives: Receives = "text"
    concurrency: Annotated[
        int, Meta(ge=1, description="Calls at once; more than 1 only if the function bears that")
    ] = 1
    version: Annotated[
        str, Meta(description="What you call this state of the function: with another one all is asked anew")
    ] = ""
